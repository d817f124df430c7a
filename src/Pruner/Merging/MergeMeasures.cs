namespace E3Scale.Pruner.Merging;

/// <summary>What merges are decided by, measured in one pass of the calibration text through a model as it is.</summary>
public sealed record MergeMeasures
{
    /// <summary>1 - mean over tokens of cos(x_l, x_{l+1}), [L]; NaN for layers that do not run.</summary>
    public required double[] Influence { get; init; }

    /// <summary>
    /// Mean over sequences of arccos(cos(x_l, x_{l+2})) / pi at the last position, for layer l and the next one that runs, [L]; NaN where
    /// the two cannot be merged, or one of them does not exist.
    /// </summary>
    public required double[] PairScores { get; init; }

    /// <summary>
    /// Sensitivity of every key-value head, [L, K]: mean over its channels of mean over tokens of |o_c|, times the sum of |W_o[:, c]|.
    /// </summary>
    public required double[][] Attention { get; init; }

    /// <summary>Sensitivity of every neuron, [L, I]: mean over tokens of |a_c|, times the sum of |W_down[:, c]|.</summary>
    public required double[][] Mlp { get; init; }

    /// <summary>
    /// Share of a merged layer's channels that the first of two layers keeps: its part of both influences, a half where neither has any.
    /// </summary>
    /// <param name="into">The first.</param>
    /// <param name="other">The second.</param>
    public double ShareOf(int into, int other)
    {
        // Rounding makes the influence of an idle layer a little less than 0.
        double first = Math.Max(Influence[into], 0), second = Math.Max(Influence[other], 0);
        return first + second > 0 ? first / (first + second) : 0.5;
    }
}
