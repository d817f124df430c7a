using System.Text.Json;
using System.Text.Json.Nodes;

namespace E3Scale.MoE.DeepSeekV3;

/// <summary>DeepSeek-V3 and R1: latent attention, dense first layers, routed and shared experts.</summary>
public sealed class DeepSeekV3Family : ModelFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes { get; } = ["deepseek_v3"];

    /// <inheritdoc/>
    public override IDecoderWeightNames Names { get; } = new DeepSeekV3WeightNames();

    /// <inheritdoc/>
    public override DecoderConfig ParseConfig(JsonElement config, string path) => DeepSeekV3Config.Parse(new ConfigReader(config, path));

    /// <inheritdoc/>
    protected override void RewriteLayers(JsonObject pruned, DecoderConfig teacher, IReadOnlyList<int> keptLayers) =>
        DeepSeekV3Config.RewriteLayers(pruned, teacher, keptLayers);

    /// <inheritdoc/>
    public override int PredictionLayerCount(JsonElement config, string path) =>
        DeepSeekV3Config.PredictionLayerCount(new ConfigReader(config, path));

    /// <inheritdoc/>
    protected override void DropPrediction(JsonObject pruned) => DeepSeekV3Config.DropPrediction(pruned);

    /// <inheritdoc/>
    /// <remarks>With FP8 weights and their scales where the config says so, and the multi-token-prediction layers.</remarks>
    public override IEnumerable<PublishedTensor> PublishedTensors(JsonElement config, string path) =>
        DeepSeekV3Published.Tensors(new ConfigReader(config, path), Names);
}
