namespace E3Scale.Launcher.Runs;

/// <summary>The folder of one run: recipe.yaml, a folder per stage with its done marker, logs/ and report.html.</summary>
/// <remarks>docs/formats/run-folder.md describes every file.</remarks>
public sealed class RunFolder
{
    /// <summary>Opens a run folder; makes it when it is not there.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="RunFolderException">The folder cannot be made or is a file.</exception>
    public RunFolder(string path)
    {
        Root = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(Root);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{Root}: the run folder cannot be made ({error.Message}) Choose another with --run-dir.", error);
        }
    }

    /// <summary>Absolute path of the folder.</summary>
    public string Root { get; }

    /// <summary>The recipe with every field, overrides applied.</summary>
    public string RecipeFile => Path.Combine(Root, "recipe.yaml");

    /// <summary>The report of the whole run.</summary>
    public string ReportFile => Path.Combine(Root, "report.html");

    /// <summary>Logs and failure notes of the ranks.</summary>
    public string Logs => Path.Combine(Root, "logs");

    /// <summary>Folder of a stage's output.</summary>
    /// <param name="folderName">Name of the folder, for example store.</param>
    public string StageFolder(string folderName) => Path.Combine(Root, folderName);

    /// <summary>The done marker of a stage, or null when the stage is not finished.</summary>
    /// <param name="folderName">Folder of the stage.</param>
    public DoneMarker? ReadMarker(string folderName) => RunJson.ReadIfThere<DoneMarker>(DoneFile(folderName));

    /// <summary>Whether a stage finished from exactly these inputs and its outputs are still there.</summary>
    /// <param name="folderName">Folder of the stage.</param>
    /// <param name="inputHash">Hash of the inputs as they are now.</param>
    public bool IsDone(string folderName, string inputHash) =>
        ReadMarker(folderName) is { } marker
        && marker.InputHash == inputHash
        && marker.Outputs.All(output => Path.Exists(Path.Combine(Root, output)));

    /// <summary>Gets a stage's folder ready: what an interrupted attempt from the same inputs left stays, anything else goes.</summary>
    /// <param name="folderName">Folder of the stage.</param>
    /// <param name="inputHash">Hash of the inputs as they are now.</param>
    /// <returns>Whether there is an attempt to go on with.</returns>
    public bool Prepare(string folderName, string inputHash)
    {
        string folder = StageFolder(folderName);
        bool isLink = new DirectoryInfo(folder).LinkTarget is not null; // to another run's stage, which stays as it is
        bool resumes = !isLink && RunJson.ReadIfThere<StartedMarker>(StartedFile(folderName))?.InputHash == inputHash;
        if (isLink)
            File.Delete(folder); // works for links whose target is gone, too
        else if (!resumes && Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        RunJson.Write(StartedFile(folderName), new StartedMarker { InputHash = inputHash });
        File.Delete(DoneFile(folderName));
        return resumes;
    }

    /// <summary>Marks a stage as finished.</summary>
    /// <param name="folderName">Folder of the stage.</param>
    /// <param name="marker">What was done.</param>
    public void MarkDone(string folderName, DoneMarker marker) => RunJson.Write(DoneFile(folderName), marker);

    private string DoneFile(string folderName) => Path.Combine(StageFolder(folderName), "done.json");

    private string StartedFile(string folderName) => Path.Combine(StageFolder(folderName), "started.json");
}
