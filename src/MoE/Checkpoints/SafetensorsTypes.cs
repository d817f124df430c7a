using TorchSharp;

namespace E3Scale.MoE;

/// <summary>Facts about <see cref="SafetensorsType"/>.</summary>
public static class SafetensorsTypes
{
    /// <summary>Bytes of one element.</summary>
    /// <param name="type">The type.</param>
    public static int ByteSize(this SafetensorsType type) => type switch
    {
        SafetensorsType.F64 or SafetensorsType.I64 => 8,
        SafetensorsType.F32 or SafetensorsType.I32 => 4,
        SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.I16 => 2,
        _ => 1,
    };

    /// <summary>libtorch's type with the same bytes, or null for the 8-bit floats, which not every libtorch knows.</summary>
    /// <param name="type">The type.</param>
    public static torch.ScalarType? ToScalarType(this SafetensorsType type) => type switch
    {
        SafetensorsType.F64 => torch.ScalarType.Float64,
        SafetensorsType.F32 => torch.ScalarType.Float32,
        SafetensorsType.F16 => torch.ScalarType.Float16,
        SafetensorsType.BF16 => torch.ScalarType.BFloat16,
        SafetensorsType.I64 => torch.ScalarType.Int64,
        SafetensorsType.I32 => torch.ScalarType.Int32,
        SafetensorsType.I16 => torch.ScalarType.Int16,
        SafetensorsType.I8 => torch.ScalarType.Int8,
        SafetensorsType.U8 => torch.ScalarType.Byte,
        SafetensorsType.BOOL => torch.ScalarType.Bool,
        _ => null,
    };

    /// <summary>The stored type of a tensor of this libtorch type.</summary>
    /// <param name="type">The type.</param>
    /// <exception cref="ArgumentOutOfRangeException">safetensors has no such type (complex, quantised).</exception>
    public static SafetensorsType ToSafetensorsType(this torch.ScalarType type) => type switch
    {
        torch.ScalarType.Float64 => SafetensorsType.F64,
        torch.ScalarType.Float32 => SafetensorsType.F32,
        torch.ScalarType.Float16 => SafetensorsType.F16,
        torch.ScalarType.BFloat16 => SafetensorsType.BF16,
        torch.ScalarType.Int64 => SafetensorsType.I64,
        torch.ScalarType.Int32 => SafetensorsType.I32,
        torch.ScalarType.Int16 => SafetensorsType.I16,
        torch.ScalarType.Int8 => SafetensorsType.I8,
        torch.ScalarType.Byte => SafetensorsType.U8,
        torch.ScalarType.Bool => SafetensorsType.BOOL,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "safetensors has no such element type"),
    };

    /// <summary>Whether values are floating-point numbers.</summary>
    /// <param name="type">The type.</param>
    public static bool IsFloat(this SafetensorsType type) => type <= SafetensorsType.F8_E5M2;

    /// <summary>Whether values are 8-bit floats, which have scales of their own.</summary>
    /// <param name="type">The type.</param>
    public static bool IsFp8(this SafetensorsType type) => type is SafetensorsType.F8_E4M3 or SafetensorsType.F8_E5M2;
}
