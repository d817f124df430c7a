namespace E3Scale.MoE;

/// <summary>How an export stores weights.</summary>
public enum WeightFormat
{
    /// <summary>Every tensor in the type that the source has it in; what did not change is copied byte for byte.</summary>
    Keep,

    /// <summary>float32: nothing is rounded.</summary>
    Fp32,

    /// <summary>bfloat16, but for tensors that the family keeps in float32.</summary>
    Bf16,

    /// <summary>
    /// As DeepSeek-V3 is published: projections of attention, MLPs and experts in e4m3 with a float32 scale per block of 128 x 128 (or the blocks
    /// of the source), the rest as with <see cref="Bf16"/>.
    /// </summary>
    Fp8,
}
