using System.Text.Json.Nodes;

namespace E3Scale.MoE.Tests.Layers;

/// <summary>
/// A decoder of the LLaMA line written out in float64, token by token, from the fields of a config.json and weights by their names in
/// checkpoints: grouped queries, optional biases and head norms, windows, dense and softmax-routed MLPs.
/// </summary>
/// <param name="config">The config.json.</param>
/// <param name="weights">Every tensor, row by row.</param>
internal sealed class ComposedDecoder(JsonObject config, IReadOnlyDictionary<string, double[]> weights)
{
    private readonly int _hidden = Field("hidden_size", config), _heads = Field("num_attention_heads", config);
    private readonly double _epsilon = config["rms_norm_eps"]!.GetValue<double>();

    /// <summary>Rotation per position of each pair of a head's dimensions, radians.</summary>
    public required double[] Frequencies { get; init; }

    /// <summary>What cosine and sine are multiplied with.</summary>
    public double Magnitude { get; init; } = 1;

    /// <summary>Positions that a token of each layer sees, itself included.</summary>
    public Func<int, int> Window { get; init; } = _ => int.MaxValue;

    private int KeyHeads => Field("num_key_value_heads", config);

    private int HeadDim => 2 * Frequencies.Length;

    /// <summary>Logits of every position, [T][V].</summary>
    public double[][] Logits(IReadOnlyList<long> ids)
    {
        double[][] x = [.. ids.Select(id => weights["model.embed_tokens.weight"].AsSpan((int)id * _hidden, _hidden).ToArray())];
        for (int layer = 0; layer < Field("num_hidden_layers", config); layer++)
        {
            string prefix = $"model.layers.{layer}.";
            double[][] normed = [.. x.Select(row => Norm(row, prefix + "input_layernorm"))];
            double[][] attended = Attention(normed, prefix + "self_attn.", Window(layer));
            x = [.. x.Zip(attended, Sum)];
            x = [.. x.Select(row => Sum(row, Mlp(Norm(row, prefix + "post_attention_layernorm"), prefix)))];
        }
        string head = weights.ContainsKey("lm_head.weight") ? "lm_head" : "model.embed_tokens";
        return [.. x.Select(row => Linear(Norm(row, "model.norm"), head))];
    }

    private double[][] Attention(double[][] x, string prefix, int window)
    {
        double[][][] queries = Heads(x, prefix + "q_", _heads), keys = Heads(x, prefix + "k_", KeyHeads);
        double[][][] values = [.. x.Select(row => Linear(row, prefix + "v_proj").Chunk(HeadDim).ToArray())];
        return [.. x.Select((_, t) =>
        {
            var mixed = new List<double>();
            for (int head = 0; head < _heads; head++)
            {
                int shared = head * KeyHeads / _heads, first = Math.Max(0, t - Math.Min(window, t + 1) + 1);
                double[] scores = [.. Enumerable.Range(first, t - first + 1).Select(s => Dot(queries[t][head], keys[s][shared]) / Math.Sqrt(HeadDim))];
                double[] shares = Softmax(scores);
                mixed.AddRange(Enumerable.Range(0, HeadDim).Select(d => shares.Select((share, i) => share * values[first + i][shared][d]).Sum()));
            }
            return Linear([.. mixed], prefix + "o_proj");
        })];
    }

    /// <summary>Projected, normalised where the model has head norms, rotated: [T][heads][D].</summary>
    private double[][][] Heads(double[][] x, string prefix, int heads) =>
    [
        .. x.Select((row, t) => Linear(row, prefix + "proj").Chunk(HeadDim)
            .Select(head => Rotate(weights.ContainsKey(prefix + "norm.weight") ? Norm(head, prefix + "norm") : head, t)).Take(heads).ToArray()),
    ];

    private double[] Rotate(double[] head, int position)
    {
        var rotated = new double[head.Length];
        int half = head.Length / 2;
        for (int i = 0; i < half; i++)
        {
            (double sin, double cos) = Math.SinCos(position * Frequencies[i]);
            rotated[i] = Magnitude * (head[i] * cos - head[half + i] * sin);
            rotated[half + i] = Magnitude * (head[half + i] * cos + head[i] * sin);
        }
        return rotated;
    }

    private double[] Mlp(double[] x, string prefix)
    {
        string experts = prefix + "block_sparse_moe.";
        if (!weights.ContainsKey(experts + "gate.weight"))
            return Gated(x, prefix + "mlp.gate_proj", prefix + "mlp.up_proj", prefix + "mlp.down_proj");
        double[] scores = Softmax(Linear(x, experts + "gate"));
        int[] chosen = [.. Enumerable.Range(0, scores.Length).OrderByDescending(e => scores[e]).Take(Field("num_experts_per_tok", config))];
        double total = chosen.Sum(e => scores[e]);
        return chosen
            .Select(e => Gated(x, $"{experts}experts.{e}.w1", $"{experts}experts.{e}.w3", $"{experts}experts.{e}.w2").Select(y => y * scores[e] / total).ToArray())
            .Aggregate(Sum);
    }

    private double[] Gated(double[] x, string gate, string up, string down) =>
        Linear([.. Linear(x, gate).Zip(Linear(x, up), (g, u) => g / (1 + Math.Exp(-g)) * u)], down);

    private double[] Linear(double[] x, string name)
    {
        double[] matrix = weights[name + ".weight"];
        double[]? bias = weights.GetValueOrDefault(name + ".bias");
        return [.. matrix.Chunk(x.Length).Select((row, i) => Dot(row, x) + (bias?[i] ?? 0))];
    }

    private double[] Norm(double[] x, string name)
    {
        double scale = 1 / Math.Sqrt(x.Average(value => value * value) + _epsilon);
        return [.. x.Zip(weights[name + ".weight"], (value, weight) => value * scale * weight)];
    }

    private static double[] Softmax(double[] scores)
    {
        double[] exponentials = Array.ConvertAll(scores, score => Math.Exp(score - scores.Max()));
        return Array.ConvertAll(exponentials, value => value / exponentials.Sum());
    }

    private static double Dot(double[] left, double[] right) => left.Zip(right, (a, b) => a * b).Sum();

    private static double[] Sum(double[] left, double[] right) => [.. left.Zip(right, (a, b) => a + b)];

    private static int Field(string name, JsonObject config) => config[name]!.GetValue<int>();
}
