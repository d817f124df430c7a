using System.Text.Json.Serialization;

namespace E3Scale.Pruner.Search;

/// <summary>With which weights <see cref="MaskRefinement"/> judges.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RefinementTime>))]
public enum RefinementTime
{
    /// <summary>Those of the teacher, before the first step: the search starts from scores that put the mask first.</summary>
    [JsonStringEnumMemberName("start")]
    Start,

    /// <summary>Those that the search ended with: its last mask.</summary>
    [JsonStringEnumMemberName("end")]
    End,
}
