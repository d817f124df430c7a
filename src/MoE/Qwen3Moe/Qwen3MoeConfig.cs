using System.Text.Json.Nodes;
using E3Scale.MoE.Qwen3;

namespace E3Scale.MoE.Qwen3Moe;

/// <summary>The config.json of <c>qwen3_moe</c>. Field names and defaults: see README.md beside this file.</summary>
internal static class Qwen3MoeConfig
{
    private const string SparseStep = "decoder_sparse_step";
    private const string DenseLayers = "mlp_only_layers";

    public static DecoderConfig Parse(ConfigReader config)
    {
        DecoderConfig dense = Qwen3Config.Parse(config, "qwen3_moe", GroupedQueryFields.Read(config, keyValueHeads: 4));
        return dense with { Moe = ParseMoe(config, dense.LayerCount) };
    }

    public static void RewriteLayers(JsonObject pruned, DecoderConfig teacher, IReadOnlyList<int> keptLayers)
    {
        if (teacher.Moe is null || keptLayers.Count == teacher.LayerCount)
            return;
        // The step counts layers, so it is wrong as soon as one is gone: dense layers are listed instead.
        pruned[SparseStep] = 1;
        pruned[DenseLayers] = new JsonArray([.. Enumerable.Range(0, keptLayers.Count)
            .Where(position => !teacher.IsMoeLayer(keptLayers[position])).Select(position => JsonValue.Create(position))]);
    }

    private static MoeConfig? ParseMoe(ConfigReader config, int layerCount)
    {
        string countField = config.Has("num_local_experts") ? "num_local_experts" : "num_experts";
        if (config.Int(countField, 0, ConfigReader.MaxCount) is not (> 0 and var expertCount))
            return null;
        return new MoeConfig
        {
            LayerIsMoe = LayerPattern(config, layerCount),
            RoutedExpertCount = expertCount,
            ExpertsPerToken = config.Int("num_experts_per_tok", 1, expertCount),
            ExpertIntermediateSize = config.Int("moe_intermediate_size", 1, ConfigReader.MaxSize),
            Score = RouterScore.Softmax,
            NormalizeWeights = config.Flag("norm_topk_prob", defaultValue: false),
        };
    }

    private static bool[] LayerPattern(ConfigReader config, int layerCount)
    {
        int step = config.Int(SparseStep, 1, ConfigReader.MaxCount, defaultValue: 1);
        int[] dense = config.IntsUpTo(DenseLayers, ConfigReader.MaxCount, 0, ConfigReader.MaxCount) ?? [];
        return [.. Enumerable.Range(0, layerCount).Select(layer => (layer + 1) % step == 0 && !dense.Contains(layer))];
    }
}
