namespace E3Scale.MoE;

/// <summary>Rotary position embedding.</summary>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="Dim">Rotated dimensions per head, even.</param>
/// <param name="Interleaved">True when pairs are (2i, 2i+1) as in DeepSeek; false for (i, i + Dim/2) as in LLaMA.</param>
/// <param name="Yarn">Context extension, or null.</param>
/// <param name="Llama3">Context extension of LLaMA 3.1 and later, or null.</param>
/// <param name="LinearFactor">All frequencies are divided by it (linear scaling, position interpolation). Default 1: they are not.</param>
/// <param name="Dynamic">Context extension that depends on the length of the input, or null.</param>
public sealed record RopeConfig(
    double Theta, int Dim, bool Interleaved, YarnConfig? Yarn = null, Llama3RopeConfig? Llama3 = null,
    double LinearFactor = 1, DynamicRopeConfig? Dynamic = null);

/// <summary>Dynamic NTK scaling: inputs longer than the trained context raise the base of the frequencies, shorter ones do not.</summary>
/// <param name="Factor">How fast the base grows with the length.</param>
/// <param name="MaxPositions">Trained context, in tokens.</param>
public sealed record DynamicRopeConfig(double Factor, int MaxPositions);

/// <summary>Context extension of LLaMA 3.1: wave lengths beyond the original context are stretched, short ones kept, with a ramp between.</summary>
/// <param name="Factor">How much long waves are stretched.</param>
/// <param name="OriginalMaxPositions">Context before the extension, in tokens.</param>
/// <param name="LowFrequencyFactor">Waves longer than the original context over this are stretched in full.</param>
/// <param name="HighFrequencyFactor">Waves shorter than the original context over this are kept; more than the low factor.</param>
public sealed record Llama3RopeConfig(double Factor, int OriginalMaxPositions, double LowFrequencyFactor, double HighFrequencyFactor);

/// <summary>YaRN context extension (Peng et al. 2023), with the field names of DeepSeek's rope_scaling.</summary>
/// <param name="Factor">How much longer the context became.</param>
/// <param name="OriginalMaxPositions">Context before the extension, in tokens.</param>
/// <param name="BetaFast">Rotations above which a frequency is kept. Default 32.</param>
/// <param name="BetaSlow">Rotations below which a frequency is divided by the factor. Default 1.</param>
/// <param name="MScale">Coefficient of the magnitude that cosine and sine carry. Default 1.</param>
/// <param name="MScaleAllDim">Coefficient of the magnitude in the softmax scale of latent attention; 0 switches it off. Default 0.</param>
/// <param name="AttentionFactor">Magnitude of cosine and sine in place of that of the coefficients; null (default) for theirs.</param>
/// <param name="Truncates">Whether the ramp between kept and divided frequencies begins and ends at a whole pair. Default true.</param>
public sealed record YarnConfig(
    double Factor, int OriginalMaxPositions, double BetaFast = 32, double BetaSlow = 1, double MScale = 1, double MScaleAllDim = 0,
    double? AttentionFactor = null, bool Truncates = true);
