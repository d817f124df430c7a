using E3Scale.MoE;
using E3Scale.TestSupport;

namespace E3Scale.Pruner.Tests.Merging;

/// <summary>
/// A decoder layer of grouped-query attention and a gated MLP in plain loops and float64: what tensor code is compared with.
/// </summary>
internal sealed class PlainLayer(DecoderConfig config)
{
    private readonly GroupedQueryAttentionConfig _attention = (GroupedQueryAttentionConfig)config.Attention;

    /// <summary>Its weights by role, biases with a minus sign before the role's name; row-major.</summary>
    public Dictionary<string, double[]> Weights { get; } = [];

    /// <summary>Reads a layer of a model.</summary>
    public static PlainLayer Of(Decoder model, IDecoderWeightNames names, int layer)
    {
        var plain = new PlainLayer(model.Config);
        foreach (WeightShape weight in DecoderWeights.OfLayer(model.Config, layer))
            plain.Weights[KeyOf(weight)] = SmallModel.Values(model.Parameters[weight.NameIn(names)].Value);
        return plain;
    }

    public static string KeyOf(WeightShape weight) => (weight.IsBias ? "-" : "") + weight.Role;

    public double[] this[string key] => Weights[key];

    /// <summary>Runs one sequence.</summary>
    /// <param name="x">[T, H].</param>
    /// <returns>The output [T, H], and what enters o_proj [T, heads x D] and down_proj [T, I].</returns>
    public (double[] Output, double[] Heads, double[] Neurons) Run(double[] x)
    {
        int positions = x.Length / config.HiddenSize, width = _attention.HeadDim;
        int heads = _attention.HeadCount, keyHeads = _attention.KeyValueHeadCount;
        double[] normed = Norm(x, this["InputNorm"]);
        double[] query = Rotate(HeadNorm(Linear(normed, "Query"), "QueryNorm"), heads);
        double[] key = Rotate(HeadNorm(Linear(normed, "Key"), "KeyNorm"), keyHeads);
        double[] value = Linear(normed, "Value"), mixed = new double[positions * heads * width];
        for (int head = 0; head < heads; head++)
            for (int t = 0; t < positions; t++)
            {
                int keyHead = head / (heads / keyHeads);
                double[] weights = [.. Enumerable.Range(0, t + 1).Select(s => Math.Exp(Enumerable.Range(0, width).Sum(d =>
                    query[(t * heads + head) * width + d] * key[(s * keyHeads + keyHead) * width + d]) / Math.Sqrt(width)))];
                for (int d = 0; d < width; d++)
                    mixed[(t * heads + head) * width + d] =
                        Enumerable.Range(0, t + 1).Sum(s => weights[s] * value[(s * keyHeads + keyHead) * width + d]) / weights.Sum();
            }
        double[] h = [.. x.Zip(Linear(mixed, "AttentionOutput"), (a, b) => a + b)];
        double[] inner = Norm(h, this["MlpNorm"]), up = Linear(inner, "Up");
        double[] neurons = [.. Linear(inner, "Gate").Select((gate, i) => gate / (1 + Math.Exp(-gate)) * up[i])];
        return ([.. h.Zip(Linear(neurons, "Down"), (a, b) => a + b)], mixed, neurons);
    }

    private double[] HeadNorm(double[] x, string role) => Weights.TryGetValue(role, out double[]? weight) ? Norm(x, weight) : x;

    private double[] Norm(double[] x, double[] weight)
    {
        double[] result = new double[x.Length];
        for (int start = 0; start < x.Length; start += weight.Length)
        {
            double scale = 1 / Math.Sqrt(Enumerable.Range(start, weight.Length).Average(i => x[i] * x[i]) + config.RmsNormEpsilon);
            for (int i = 0; i < weight.Length; i++)
                result[start + i] = x[start + i] * scale * weight[i];
        }
        return result;
    }

    private double[] Linear(double[] x, string role)
    {
        double[] weight = this[role];
        int inputs = role switch
        {
            "AttentionOutput" => _attention.HeadCount * _attention.HeadDim,
            "Down" => config.IntermediateSize,
            _ => config.HiddenSize,
        };
        int outputs = weight.Length / inputs;
        double[]? bias = Weights.GetValueOrDefault("-" + role);
        return [.. Enumerable.Range(0, x.Length / inputs * outputs).Select(i =>
            Enumerable.Range(0, inputs).Sum(k => x[i / outputs * inputs + k] * weight[i % outputs * inputs + k]) + (bias?[i % outputs] ?? 0))];
    }

    /// <summary>Dimension d of the first half of a head turns with d + D/2 by position times 10000^(-2d/D).</summary>
    private double[] Rotate(double[] x, int heads)
    {
        int width = _attention.HeadDim, half = width / 2;
        double[] result = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int d = i % width, position = i / (heads * width), start = i - d, pair = d % half;
            double angle = position * Math.Pow(config.Rope.Theta, -2.0 * pair / width);
            double first = x[start + pair], second = x[start + pair + half];
            result[i] = d < half ? first * Math.Cos(angle) - second * Math.Sin(angle) : second * Math.Cos(angle) + first * Math.Sin(angle);
        }
        return result;
    }
}
