namespace E3Scale.Launcher.Studies;

/// <summary>On which models a study is made.</summary>
internal enum StudyScale
{
    /// <summary>Small ones, here and now.</summary>
    Small,

    /// <summary>The paper's, on a cluster: recipes are written, nothing runs.</summary>
    Full,
}
