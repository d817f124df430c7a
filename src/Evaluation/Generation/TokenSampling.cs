using E3Scale.Data.Randomness;
using E3Scale.Kernels;

namespace E3Scale.Evaluation.Generation;

/// <summary>
/// Draws the next token from the softmax of the logits over a temperature, cut to its nucleus. A draw is a pure function of seed, stream and
/// position: neither batch nor mesh nor the order of texts changes it. Defaults: those of DeepSeek-R1's evaluation.
/// </summary>
/// <remarks>Nucleus sampling: Holtzman et al. 2020, "The curious case of neural text degeneration".</remarks>
public sealed record TokenSampling
{
    private const string Purpose = "generation.token";

    /// <summary>What the logits are divided by, above 0. Default 0.6.</summary>
    public double Temperature { get; init; } = 0.6;

    /// <summary>Mass of the nucleus, above 0 up to 1: the fewest, most likely tokens that hold so much can be drawn. Default 0.95.</summary>
    public double TopP { get; init; } = 0.95;

    /// <summary>Key of the draws. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Draws a token.</summary>
    /// <param name="logits_V">Logits of the vocabulary, finite or negative infinity.</param>
    /// <param name="stream">Names the text that is continued: texts with equal streams get equal draws.</param>
    /// <param name="position">Tokens of the answer so far.</param>
    /// <returns>Index of the token.</returns>
    public int Draw(ReadOnlySpan<float> logits_V, ulong stream, int position)
    {
        double[] mass_V = Masses(logits_V);
        if (TopP < 1)
            CutToNucleus(mass_V);
        double total = mass_V.Sum();
        double target = new CounterRandom(Seed, Purpose, (ulong)position, stream).NextDouble() * total;
        int last = 0;
        for (int token = 0; token < mass_V.Length; token++)
        {
            if (mass_V[token] == 0)
                continue;
            last = token;
            target -= mass_V[token];
            if (target < 0)
                break;
        }
        return last; // the last possible token where rounding leaves a rest
    }

    /// <summary>Probabilities up to a common factor: the most likely token has 1.</summary>
    private double[] Masses(ReadOnlySpan<float> logits_V)
    {
        double max = RowMath.Max(logits_V);
        var mass_V = new double[logits_V.Length];
        for (int token = 0; token < mass_V.Length; token++)
            mass_V[token] = Math.Exp((logits_V[token] - max) / Temperature);
        return mass_V;
    }

    /// <summary>Sets what is outside of the nucleus to 0; of equally likely tokens the lower ids are in it first.</summary>
    private void CutToNucleus(double[] mass_V)
    {
        double total = mass_V.Sum();
        // Tokens below this have less than 1 - TopP together, so the nucleus is among the others: a large vocabulary need not be sorted whole.
        double floor = (1 - TopP) * total / mass_V.Length;
        int[] likely = [.. Enumerable.Range(0, mass_V.Length).Where(token => mass_V[token] >= floor).OrderByDescending(token => mass_V[token])];
        var nucleus = new HashSet<int>();
        double sum = 0;
        foreach (int token in likely)
        {
            if (sum >= TopP * total)
                break;
            nucleus.Add(token);
            sum += mass_V[token];
        }
        for (int token = 0; token < mass_V.Length; token++)
            if (!nucleus.Contains(token))
                mass_V[token] = 0;
    }
}
