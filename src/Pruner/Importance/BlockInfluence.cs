namespace E3Scale.Pruner.Importance;

// Shape suffixes in this file: N = tokens, H = hidden size.

/// <summary>
/// Block Influence of every layer: 1 - mean over tokens of cos(x_l, x_{l+1}), x_l the residual stream that enters layer l. Small
/// means that the layer hardly turns the stream. Accumulates over batches; float64 sums of per-token cosines.
/// </summary>
/// <remarks>ShortGPT (arXiv 2403.03853). Over blocks of several layers the same number serves Minitron and the contiguous cuts.</remarks>
public sealed class BlockInfluence
{
    private readonly double[] _cosineSums;
    private readonly long[] _tokenCounts;
    private readonly int _hiddenSize;

    /// <summary>Starts with empty sums.</summary>
    /// <param name="blockCount">Blocks measured: the layers L, or L - n + 1 starting layers of blocks of n.</param>
    /// <param name="hiddenSize">Width of the residual stream, H.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public BlockInfluence(int blockCount, int hiddenSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hiddenSize);
        _cosineSums = new double[blockCount];
        _tokenCounts = new long[blockCount];
        _hiddenSize = hiddenSize;
    }

    /// <summary>Sum of the cosines of every block so far, [blocks]; ranks add theirs together.</summary>
    public Span<double> CosineSums => _cosineSums;

    /// <summary>Tokens counted in every block so far, [blocks].</summary>
    public Span<long> TokenCounts => _tokenCounts;

    /// <summary>Adds the tokens of one batch to a block.</summary>
    /// <param name="block">Index of the block.</param>
    /// <param name="input_NH">Residual stream before the block, [N, H].</param>
    /// <param name="output_NH">Residual stream after it, [N, H].</param>
    /// <param name="counted_N">Which tokens count (padding does not), [N]; empty for all.</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public void Add(int block, ReadOnlySpan<float> input_NH, ReadOnlySpan<float> output_NH, ReadOnlySpan<bool> counted_N = default)
    {
        int tokens = input_NH.Length / _hiddenSize;
        if (input_NH.Length != output_NH.Length || input_NH.Length % _hiddenSize != 0 || (counted_N.Length != 0 && counted_N.Length != tokens))
        {
            throw new ArgumentException($"states of {input_NH.Length} and {output_NH.Length} numbers and {counted_N.Length} flags " +
                $"for tokens of {_hiddenSize}");
        }
        for (int n = 0; n < tokens; n++)
        {
            if (counted_N.Length != 0 && !counted_N[n])
                continue;
            int start = n * _hiddenSize;
            _cosineSums[block] += Cosine(input_NH.Slice(start, _hiddenSize), output_NH.Slice(start, _hiddenSize));
            _tokenCounts[block]++;
        }
    }

    /// <summary>The influence of every block, [blocks]; between 0 (unchanged direction) and 2.</summary>
    /// <exception cref="InvalidOperationException">A block has seen no token.</exception>
    public double[] Scores() => [.. Enumerable.Range(0, _cosineSums.Length).Select(Score)];

    /// <summary>The influence of one block; between 0 (unchanged direction) and 2.</summary>
    /// <param name="block">Index of the block.</param>
    /// <exception cref="InvalidOperationException">The block has seen no token.</exception>
    public double Score(int block) => _tokenCounts[block] > 0
        ? 1 - _cosineSums[block] / _tokenCounts[block]
        : throw new InvalidOperationException($"block {block} has seen no token: every token of the calibration text is masked");

    /// <summary>Cosine of the angle between two states; 0 when one of them is zero.</summary>
    /// <param name="left">A state, [H].</param>
    /// <param name="right">Another, [H].</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Cosine(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        if (left.Length != right.Length)
            throw new ArgumentException($"states of {left.Length} and {right.Length} numbers", nameof(right));
        double dot = 0, leftSquares = 0, rightSquares = 0;
        for (int h = 0; h < left.Length; h++)
        {
            double x = left[h], y = right[h];
            dot += x * y;
            leftSquares += x * x;
            rightSquares += y * y;
        }
        // Clamped because rounding may exceed 1, and an arc cosine may be taken of it.
        return leftSquares == 0 || rightSquares == 0 ? 0 : Math.Clamp(dot / (Math.Sqrt(leftSquares) * Math.Sqrt(rightSquares)), -1, 1);
    }
}
