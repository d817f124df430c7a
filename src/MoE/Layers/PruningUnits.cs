using System.Text.Json.Serialization;

namespace E3Scale.MoE;

/// <summary>What a mask has an entry for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PruningUnits>))]
public enum PruningUnits
{
    /// <summary>Whole layers; unit u is layer u. E3-Pruner's.</summary>
    [JsonStringEnumMemberName("layers")]
    Layers,

    /// <summary>Branches of layers; unit 2l is the attention of layer l, unit 2l + 1 its MLP.</summary>
    [JsonStringEnumMemberName("branches")]
    Branches,
}
