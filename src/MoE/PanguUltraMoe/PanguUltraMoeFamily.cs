using System.Text.Json;
using System.Text.Json.Nodes;

namespace E3Scale.MoE.PanguUltraMoe;

/// <summary>openPangu-Ultra-MoE: latent attention, sandwich norms, dense first layers, ungrouped sigmoid-routed and shared experts.</summary>
public sealed class PanguUltraMoeFamily : ModelFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes { get; } = ["pangu_ultra_moe"];

    /// <inheritdoc/>
    public override IDecoderWeightNames Names { get; } = new PanguUltraMoeWeightNames();

    /// <inheritdoc/>
    public override DecoderConfig ParseConfig(JsonElement config, string path) => PanguUltraMoeConfig.Parse(new ConfigReader(config, path));

    /// <inheritdoc/>
    protected override void RewriteLayers(JsonObject pruned, DecoderConfig teacher, IReadOnlyList<int> keptLayers) =>
        PanguUltraMoeConfig.RewriteLayers(pruned, teacher, keptLayers);

    /// <inheritdoc/>
    public override int PredictionLayerCount(JsonElement config, string path) =>
        PanguUltraMoeConfig.PredictionLayerCount(new ConfigReader(config, path));

    /// <inheritdoc/>
    protected override void DropPrediction(JsonObject pruned) => PanguUltraMoeConfig.DropPrediction(pruned);
}
