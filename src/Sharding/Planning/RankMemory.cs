using System.Text.Json.Serialization;
using E3Scale.MoE;

namespace E3Scale.Sharding.Planning;

/// <summary>Largest bytes that one rank holds at once in training, by what they are for.</summary>
public sealed record RankMemory
{
    /// <summary>Weights of the model, by kind.</summary>
    public required IReadOnlyDictionary<WeightKind, long> Weights { get; init; }

    /// <summary>Adapters.</summary>
    public required long Adapters { get; init; }

    /// <summary>float32 gradients: of everything that is trained here, and the sums of this rank's share.</summary>
    public required long Gradients { get; init; }

    /// <summary>float32 master weights; 0 where the model itself is float32.</summary>
    public required long MasterWeights { get; init; }

    /// <summary>Both moments of AdamW, float32.</summary>
    public required long Moments { get; init; }

    /// <summary>Activations that wait for their backward pass, of all micro-batches in flight.</summary>
    public required long Activations { get; init; }

    /// <summary>What lives only while one layer, or the head, is computed.</summary>
    public required long WorkingSet { get; init; }

    /// <summary>Messages under way.</summary>
    public required long Messages { get; init; }

    /// <summary>Decompressed batches of the logit store.</summary>
    public required long StoreCache { get; init; }

    /// <summary>Runtime, libraries, fragmentation.</summary>
    public required long Reserved { get; init; }

    /// <summary>Everything.</summary>
    public long Total => Items.Sum(item => item.Bytes);

    /// <summary>Every kind with its bytes, weights by kind; kinds of weight that the model has none of are left out.</summary>
    [JsonIgnore]
    public IReadOnlyList<(string Name, long Bytes)> Items =>
    [
        .. Weights.Where(pair => pair.Value > 0).Select(pair => ($"weights: {NameOf(pair.Key)}", pair.Value)),
        ("adapters", Adapters),
        ("gradients", Gradients),
        ("master weights", MasterWeights),
        ("moments", Moments),
        ("activations", Activations),
        ("working set", WorkingSet),
        ("messages", Messages),
        ("store cache", StoreCache),
        ("reserved", Reserved),
    ];

    private static string NameOf(WeightKind kind) => kind switch
    {
        WeightKind.DenseMlp => "dense MLP",
        WeightKind.RoutedExperts => "routed experts",
        WeightKind.SharedExperts => "shared experts",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
