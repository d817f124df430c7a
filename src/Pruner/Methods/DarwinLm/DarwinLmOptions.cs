namespace E3Scale.Pruner.Methods.DarwinLm;

/// <summary>The evolution's settings. Defaults: the depth-only form of EvoPress (METHODS 4).</summary>
public sealed record DarwinLmOptions
{
    /// <summary>Random sets the first parent is chosen from.</summary>
    public int InitialCandidates { get; init; } = 64;

    /// <summary>Offspring of a generation.</summary>
    public int Offspring { get; init; } = 32;

    /// <summary>Generations; null for n (L - n) / 1.5 with n of L layers to drop.</summary>
    public int? Generations { get; init; }

    /// <summary>Offspring that each selection of a generation leaves; the last number is 1.</summary>
    public IReadOnlyList<int> Survivors { get; init; } = [2, 1];

    /// <summary>Positions that each selection judges on, as many numbers as <see cref="Survivors"/>; all calibration text where it has fewer.</summary>
    public IReadOnlyList<long> Tokens { get; init; } = [2_048, 32_768];

    /// <summary>
    /// Positions of calibration text that each candidate is trained on before each selection judges it, on a copy of the weights that is thrown
    /// away; as many numbers as <see cref="Survivors"/>, or none (default) for no training. Rounded up to batches; text is repeated where there is
    /// less. Published for four selections: 10,000, 50,000, 100,000 and 200,000.
    /// </summary>
    public IReadOnlyList<long> TrainTokens { get; init; } = [];

    /// <summary>Constant learning rate of that training, AdamW. Default 1e-5, published.</summary>
    public double LearningRate { get; init; } = 1e-5;

    /// <summary>Most layers that a mutation exchanges.</summary>
    public int MaxSwaps { get; init; } = 3;

    /// <summary>Generations for a number of layers.</summary>
    /// <param name="layers">Layers of the teacher.</param>
    /// <param name="drop">Layers to drop.</param>
    public int GenerationsFor(int layers, int drop) => Generations ?? Math.Max(1, (int)(drop * (layers - drop) / 1.5));
}
