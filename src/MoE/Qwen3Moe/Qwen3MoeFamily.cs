using System.Text.Json;
using System.Text.Json.Nodes;

namespace E3Scale.MoE.Qwen3Moe;

/// <summary>Qwen3-MoE: the attention of Qwen3, softmax-routed experts without a shared one.</summary>
public sealed class Qwen3MoeFamily : ModelFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes { get; } = ["qwen3_moe"];

    /// <inheritdoc/>
    public override IDecoderWeightNames Names { get; } = new Qwen3MoeWeightNames();

    /// <inheritdoc/>
    public override DecoderConfig ParseConfig(JsonElement config, string path) => Qwen3MoeConfig.Parse(new ConfigReader(config, path));

    /// <inheritdoc/>
    protected override void RewriteLayers(JsonObject pruned, DecoderConfig teacher, IReadOnlyList<int> keptLayers) =>
        Qwen3MoeConfig.RewriteLayers(pruned, teacher, keptLayers);

    /// <inheritdoc/>
    /// <remarks>Routers are linear modules in Hugging Face's code, which quantises every linear module that is not named.</remarks>
    public override IEnumerable<string> UnquantizedModules(DecoderConfig config) => HeadAndRouters(config);
}
