namespace E3Scale.Benchmarks.Growth;

/// <summary>One quantity, over at least a factor of eight, while all others stay.</summary>
/// <param name="Name">Of the quantity.</param>
/// <param name="Values">Ascending.</param>
/// <param name="At">The size of model and work for a value.</param>
internal sealed record GrowthAxis(string Name, IReadOnlyList<int> Values, Func<int, GrowthPoint> At)
{
    private static readonly GrowthPoint s_base = new();

    /// <summary>All of them.</summary>
    public static IReadOnlyList<GrowthAxis> All { get; } =
    [
        new("tokens of a step", [256, 512, 1024, 2048, 4096, 8192], tokens => s_base with { Sequences = tokens / 256 }),
        new("layers", [1, 2, 4, 8, 16], layers => s_base with { Layers = layers }),
        new("experts", [4, 8, 16, 32, 64], experts => s_base with { Experts = experts }),
        new("experts of a token", [1, 2, 4, 8], visited => s_base with { ExpertsPerToken = visited }),
        new("vocabulary", [1024, 2048, 4096, 8192, 16384, 32768], vocabulary => s_base with { Vocabulary = vocabulary }),
        new("stored logits", [5, 10, 20, 40, 80], stored => s_base with { StoredLogits = stored, Vocabulary = 32768, Layers = 1 }),
        new("ranks", [1, 2, 4, 8], ranks => s_base with { Ranks = ranks, Sequences = 16 }),
    ];

    /// <summary>The slope of a line through the logarithms: 1 for what grows in proportion, 0 for what does not grow.</summary>
    /// <param name="values">One for each of <see cref="Values"/>.</param>
    public double Exponent(IReadOnlyList<double> values)
    {
        double[] x = [.. Values.Select(value => Math.Log(value))], y = [.. values.Select(value => Math.Log(value))];
        double meanX = x.Average(), meanY = y.Average();
        return x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum() / x.Sum(a => (a - meanX) * (a - meanX));
    }
}
