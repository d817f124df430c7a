using System.Text.Json;

namespace E3Scale.MoE.Mixtral;

/// <summary>Mixtral: grouped-query attention, every layer a mixture of softmax-routed experts.</summary>
public sealed class MixtralFamily : ModelFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes { get; } = ["mixtral"];

    /// <inheritdoc/>
    public override IDecoderWeightNames Names { get; } = new MixtralWeightNames();

    /// <inheritdoc/>
    public override DecoderConfig ParseConfig(JsonElement config, string path) => MixtralConfig.Parse(new ConfigReader(config, path));

    /// <inheritdoc/>
    /// <remarks>Routers are linear modules in Hugging Face's code, which quantises every linear module that is not named.</remarks>
    public override IEnumerable<string> UnquantizedModules(DecoderConfig config) => HeadAndRouters(config);
}
