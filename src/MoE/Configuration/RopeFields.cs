namespace E3Scale.MoE;

/// <summary>
/// The rotary-embedding fields of a config.json in both spellings: rope_theta with rope_scaling, and the newer rope_parameters.
/// </summary>
internal static class RopeFields
{
    private const double MaxTheta = 1e12;
    private const double MaxFactor = 1e6;

    /// <summary>The rotary embedding of a model.</summary>
    /// <param name="config">The whole config.</param>
    /// <param name="dim">Rotated dimensions per head, even.</param>
    /// <param name="interleaved">Which dimensions make a pair.</param>
    /// <param name="maxPositions">max_position_embeddings where the config names none, in tokens.</param>
    /// <param name="theta">Base of the frequencies where the config names none.</param>
    /// <exception cref="CheckpointException">The context extension is unknown, or a field is missing or outside its range.</exception>
    public static RopeConfig Read(ConfigReader config, int dim, bool interleaved, int maxPositions, double theta = 10_000)
    {
        ConfigReader? scaling = config.Object("rope_scaling") ?? config.Object("rope_parameters");
        RequireWholeHeads(config);
        var rope = new RopeConfig(ReadTheta(config, theta), dim, interleaved);
        if (scaling is null)
            return rope;
        RequireWholeHeads(scaling);
        string typeField = scaling.Has("rope_type") || !scaling.Has("type") ? "rope_type" : "type";
        if (!scaling.Has(typeField) && scaling.Has("factor"))
            throw scaling.Invalid(typeField, "missing, but a factor is given; expected the kind of context extension");
        return scaling.Choice(typeField, "default", "linear", "dynamic", "yarn", "llama3") switch
        {
            "linear" => rope with { LinearFactor = ReadFactor(scaling) },
            "dynamic" => rope with { Dynamic = ReadDynamic(config, scaling, dim, maxPositions) },
            "yarn" => rope with { Yarn = ReadYarn(scaling) },
            "llama3" => rope with { Llama3 = ReadLlama3(scaling) },
            _ => rope,
        };
    }

    /// <summary>Base of the frequencies, in either spelling.</summary>
    private static double ReadTheta(ConfigReader config, double defaultValue) =>
        config.Object("rope_parameters") is { } parameters && parameters.Has("rope_theta")
            ? parameters.Number("rope_theta", 1, MaxTheta)
            : config.Number("rope_theta", 1, MaxTheta, defaultValue);

    private static double ReadFactor(ConfigReader scaling) => scaling.Number("factor", 1, MaxFactor);

    // Some architectures rotate only the first dimensions of a head; none of these does.
    private static void RequireWholeHeads(ConfigReader fields)
    {
        if (fields.Number("partial_rotary_factor", 0, 1, defaultValue: 1) is < 1 and var share)
            throw fields.Invalid("partial_rotary_factor", $"{share}; only 1 is supported: all dimensions of a head are rotated");
    }

    private static DynamicRopeConfig ReadDynamic(ConfigReader config, ConfigReader scaling, int dim, int maxPositions) => dim > 2
        ? new DynamicRopeConfig(ReadFactor(scaling), DecoderFields.MaxPositions(config, maxPositions))
        : throw scaling.Invalid("rope_type", $"dynamic, which needs heads of more than the {dim} rotated dimensions here");

    private static Llama3RopeConfig ReadLlama3(ConfigReader scaling)
    {
        Llama3RopeConfig llama3 = new(
            ReadFactor(scaling),
            scaling.Int("original_max_position_embeddings", 1, ConfigReader.MaxTokens),
            scaling.Number("low_freq_factor", 1e-3, MaxFactor),
            scaling.Number("high_freq_factor", 1e-3, MaxFactor));
        return llama3.HighFrequencyFactor > llama3.LowFrequencyFactor
            ? llama3
            : throw scaling.Invalid("high_freq_factor", $"{llama3.HighFrequencyFactor}, expected more than low_freq_factor, {llama3.LowFrequencyFactor}");
    }

    private static YarnConfig ReadYarn(ConfigReader scaling)
    {
        YarnConfig yarn = new(
            ReadFactor(scaling),
            scaling.Int("original_max_position_embeddings", 1, ConfigReader.MaxTokens),
            scaling.Number("beta_fast", 1e-3, MaxFactor, defaultValue: 32),
            scaling.Number("beta_slow", 1e-3, MaxFactor, defaultValue: 1),
            scaling.Number("mscale", 0, 100, defaultValue: 1),
            scaling.Number("mscale_all_dim", 0, 100, defaultValue: 0),
            scaling.Has("attention_factor") ? scaling.Number("attention_factor", 1e-3, 100) : null,
            scaling.Flag("truncate", defaultValue: true));
        return yarn.BetaFast > yarn.BetaSlow
            ? yarn
            : throw scaling.Invalid("beta_fast", $"{yarn.BetaFast}, expected more than beta_slow, {yarn.BetaSlow}");
    }
}
