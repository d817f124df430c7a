namespace E3Scale.MoE;

/// <summary>What a model folder is to be written with.</summary>
public sealed record ExportOptions
{
    /// <summary>Largest file by default: 5 GB, as Hugging Face's.</summary>
    public const long DefaultMaxShardBytes = 5_000_000_000;

    /// <summary>Folder of the model that the layers come from: its config, tokenizer and generation settings are taken over.</summary>
    public required string SourceFolder { get; init; }

    /// <summary>Folder to write. It may exist only if it is empty or was written by an export before.</summary>
    public required string TargetFolder { get; init; }

    /// <summary>Layers of the source that stay, ascending; the file numbers them from 0.</summary>
    public required IReadOnlyList<int> KeptLayers { get; init; }

    /// <summary>
    /// Branches of kept layers that go, by the layer's number in the source, besides those that the source itself has dropped. Their tensors stay in the
    /// file, since loaders ask for them; the last ones are zeros, so that the branch adds nothing. Default none.
    /// </summary>
    public DroppedBranches DroppedBranches { get; init; } = DroppedBranches.None;

    /// <summary>What chose the layers, for pruning.json; for example <c>e3-pruner</c>.</summary>
    public required string Method { get; init; }

    /// <summary>
    /// Gives <see cref="HuggingFaceCheckpoint.ContentHash"/> of the source for pruning.json; asked for by the rank that finishes the export,
    /// since it may read the whole source. Null when the source has no weights.
    /// </summary>
    public Func<string>? SourceHash { get; init; }

    /// <summary>How weights are stored. Default bfloat16.</summary>
    public WeightFormat Weights { get; init; } = WeightFormat.Bf16;

    /// <summary>Bytes of data a file holds at most, unless a single weight with its scales is larger. Default 5 GB, as Hugging Face's.</summary>
    public long MaxShardBytes { get; init; } = DefaultMaxShardBytes;

    /// <summary>
    /// Whether multi-token-prediction layers of the source go along, numbered after the kept layers and as they are: nothing trains them. Default no.
    /// </summary>
    public bool KeepsPrediction { get; init; }
}
