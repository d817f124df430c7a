using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = batch, N = heads, T = positions, D = rotated dims, P = D / 2 pairs.

/// <summary>Rotary position embedding (Su et al. 2021), with the changed frequencies of a context extension where the model has one.</summary>
internal sealed class RotaryEmbedding : IDisposable
{
    private readonly RopeConfig _config;
    private readonly double _magnitude;
    private Tensor? _cos_TP;
    private Tensor? _sin_TP;
    private RotaryRows? _kernel;
    private long _tableLength; // of the input that the tables are for; 0 when they are for any

    public RotaryEmbedding(RopeConfig config)
    {
        _config = config;
        _magnitude = config.Yarn is { } yarn
            ? yarn.AttentionFactor ?? YarnMagnitude(yarn, yarn.MScale) / YarnMagnitude(yarn, yarn.MScaleAllDim)
            : 1;
    }

    /// <summary>
    /// What YaRN multiplies the softmax scale of latent attention with: the square of the magnitude of mscale_all_dim; 1 without YaRN.
    /// </summary>
    public static double SoftmaxScaleFactor(RopeConfig config) =>
        config.Yarn is { MScaleAllDim: not 0 } yarn ? Math.Pow(YarnMagnitude(yarn, yarn.MScaleAllDim), 2) : 1;

    /// <summary>Rotates each pair of dims by position times frequency.</summary>
    /// <param name="x_BNTD">float [B, N, T, D].</param>
    /// <param name="pass">For the next position of each row of a cache: says which that is, and T is 1. Null, or a pass of prompts: 0..T-1.</param>
    /// <returns>[B, N, T, D]: for interleaved models the first halves of all pairs come first, as in Hugging Face's code; scores do not see the difference.</returns>
    public Tensor Rotate(Tensor x_BNTD, CachePass? pass = null)
    {
        if (pass is { IsPrompt: false } || !RotaryFunction.Supports(x_BNTD))
            return Compose(x_BNTD, pass);
        EnsureTables(x_BNTD.shape[2], x_BNTD.device);
        return RotaryFunction.apply(x_BNTD, _kernel!);
    }

    /// <summary>The same from tensor operations, for single positions, and for devices and types without a kernel.</summary>
    internal Tensor Compose(Tensor x_BNTD, CachePass? pass = null)
    {
        using var scope = NewDisposeScope();
        bool isNext = pass is { IsPrompt: false };
        long positions = x_BNTD.shape[2], pairs = _config.Dim / 2;
        EnsureTables(isNext ? pass!.Span : positions, x_BNTD.device);
        var cos_TP = Rows(_cos_TP!).to_type(x_BNTD.dtype);
        var sin_TP = Rows(_sin_TP!).to_type(x_BNTD.dtype);
        Tensor first, second;
        if (_config.Interleaved)
        {
            var paired = x_BNTD.reshape(x_BNTD.shape[0], x_BNTD.shape[1], positions, pairs, 2);
            (first, second) = (paired.select(4, 0), paired.select(4, 1));
        }
        else
        {
            (first, second) = (x_BNTD.narrow(3, 0, pairs), x_BNTD.narrow(3, pairs, pairs));
        }
        return cat([first * cos_TP - second * sin_TP, second * cos_TP + first * sin_TP], -1).MoveToOuterDisposeScope();

        // Of the next positions each row has one of its own: [B, 1, 1, P].
        Tensor Rows(Tensor table_TP) => isNext
            ? table_TP.index_select(0, pass!.Positions(table_TP.device)).unsqueeze(1).unsqueeze(1)
            : table_TP.narrow(0, 0, positions);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cos_TP?.Dispose();
        _sin_TP?.Dispose();
    }

    private void EnsureTables(long positions, Device device)
    {
        long length = _config.Dynamic is { } dynamic && positions > dynamic.MaxPositions ? positions : 0;
        if (_cos_TP is not null && _cos_TP.shape[0] >= positions && _tableLength == length)
            return;
        Dispose();
        _tableLength = length;
        // Some more than asked for: generation asks for one more each time.
        positions = length > 0 ? positions : (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)positions);
        double[] frequencies = Frequencies(_config, length);
        int pairs = frequencies.Length;
        var (cos, sin) = (new float[positions * pairs], new float[positions * pairs]);
        for (int position = 0; position < positions; position++)
            for (int pair = 0; pair < pairs; pair++)
            {
                // Single precision angle: the reference implementations multiply float32 position by float32 frequency.
                double angle = (float)position * (float)frequencies[pair];
                cos[position * pairs + pair] = (float)(Math.Cos(angle) * _magnitude);
                sin[position * pairs + pair] = (float)(Math.Sin(angle) * _magnitude);
            }
        _kernel = new RotaryRows(cos, sin, pairs, _config.Interleaved);
        _cos_TP = tensor(cos, [positions, pairs], dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        _sin_TP = tensor(sin, [positions, pairs], dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
    }

    /// <summary>Angle per position for each pair; with YaRN, low frequencies are divided by the factor, with a ramp between (METHODS 16.1).</summary>
    /// <param name="config">The model's rotary embedding.</param>
    /// <param name="length">Length of the input where it is beyond the context of dynamic scaling, else 0.</param>
    internal static double[] Frequencies(RopeConfig config, long length = 0)
    {
        var frequencies = new double[config.Dim / 2];
        double theta = length > 0 && config.Dynamic is { } dynamic ? config.Theta * Growth(dynamic, length, config.Dim) : config.Theta;
        for (int i = 0; i < frequencies.Length; i++)
            frequencies[i] = Math.Pow(theta, -2.0 * i / config.Dim) / config.LinearFactor;
        if (config.Llama3 is { } llama3)
            return Array.ConvertAll(frequencies, frequency => Stretch(frequency, llama3));
        if (config.Yarn is not { } yarn)
            return frequencies;

        double Correction(double rotations) =>
            config.Dim * Math.Log(yarn.OriginalMaxPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(config.Theta));
        double low = Correction(yarn.BetaFast), high = Correction(yarn.BetaSlow);
        if (yarn.Truncates)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, config.Dim - 1));
        if (low == high)
            high += 0.001; // the references avoid the division by zero this way
        for (int i = 0; i < frequencies.Length; i++)
        {
            double ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = frequencies[i] / yarn.Factor * ramp + frequencies[i] * (1 - ramp);
        }
        return frequencies;
    }

    /// <summary>What the base is multiplied with for an input of some length (bloc97 and emozilla 2023; 1 at the trained context).</summary>
    private static double Growth(DynamicRopeConfig dynamic, long length, int dim) =>
        Math.Pow(dynamic.Factor * length / dynamic.MaxPositions - (dynamic.Factor - 1), dim / (dim - 2.0));

    private static double Stretch(double frequency, Llama3RopeConfig config)
    {
        double waves = config.OriginalMaxPositions * frequency / (2 * Math.PI); // in the original context
        double kept = Math.Clamp((waves - config.LowFrequencyFactor) / (config.HighFrequencyFactor - config.LowFrequencyFactor), 0, 1);
        return frequency / config.Factor * (1 - kept) + frequency * kept;
    }

    private static double YarnMagnitude(YarnConfig yarn, double coefficient) =>
        yarn.Factor <= 1 ? 1 : 0.1 * coefficient * Math.Log(yarn.Factor) + 1;
}
