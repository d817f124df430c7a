using E3Scale.Kernels;
using E3Scale.MoE;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Sharding;

/// <summary>Elements of a parameter as float32, whatever the model holds them in and on whatever device.</summary>
/// <remarks>Conversions are done in host memory on every device, so that they give the same bits.</remarks>
internal static class ParameterValues
{
    /// <summary>Widens elements.</summary>
    /// <param name="parameter">float32 or bfloat16, contiguous.</param>
    /// <param name="start">First element, row-major.</param>
    /// <param name="values">Receives as many as it has room for.</param>
    public static void Read(ModelParameter parameter, int start, Span<float> values)
    {
        using var scope = NewDisposeScope();
        var host = Elements(parameter, start, values.Length).cpu();
        if (IsBFloat16(parameter))
            BFloat16Rows.Widen(TensorMemory.AsSpan<ushort>(host), values);
        else
            TensorMemory.AsSpan<float>(host).CopyTo(values);
    }

    /// <summary>Rounds elements into the parameter.</summary>
    /// <param name="parameter">float32 or bfloat16, contiguous.</param>
    /// <param name="start">First element, row-major.</param>
    /// <param name="values">Their new values.</param>
    public static void Write(ModelParameter parameter, int start, ReadOnlySpan<float> values)
    {
        using var scope = NewDisposeScope();
        var elements = Elements(parameter, start, values.Length);
        var host = RoomFor(elements);
        if (IsBFloat16(parameter))
            BFloat16Rows.Narrow(values, TensorMemory.AsSpan<ushort>(host));
        else
            values.CopyTo(TensorMemory.AsSpan<float>(host));
        Store(elements, host);
    }

    /// <summary>Overwrites elements with values that are rounded already.</summary>
    /// <param name="parameter">bfloat16, contiguous.</param>
    /// <param name="start">First element, row-major.</param>
    /// <param name="bits">Their new values.</param>
    public static void Write(ModelParameter parameter, int start, ReadOnlySpan<ushort> bits)
    {
        using var scope = NewDisposeScope();
        var elements = Elements(parameter, start, bits.Length);
        var host = RoomFor(elements);
        bits.CopyTo(TensorMemory.AsSpan<ushort>(host));
        Store(elements, host);
    }

    /// <summary>Elements where the model has them.</summary>
    /// <param name="parameter">float32, contiguous, in host memory.</param>
    /// <param name="start">First element, row-major.</param>
    /// <param name="count">How many.</param>
    public static unsafe Span<float> InPlace(ModelParameter parameter, int start, int count)
    {
        using var scope = NewDisposeScope();
        return new Span<float>((float*)TensorMemory.Pointer(parameter.Value.detach()) + start, count);
    }

    /// <summary>Elements where the model has them, as bits, if it has them in bfloat16 in host memory; otherwise empty.</summary>
    /// <param name="parameter">float32 or bfloat16, contiguous.</param>
    /// <param name="start">First element, row-major.</param>
    /// <param name="count">How many.</param>
    public static unsafe Span<ushort> RoundedInPlace(ModelParameter parameter, int start, int count)
    {
        if (!IsBFloat16(parameter) || parameter.Value.device_type != DeviceType.CPU)
            return [];
        using var scope = NewDisposeScope();
        return new Span<ushort>((ushort*)TensorMemory.Pointer(parameter.Value.detach()) + start, count);
    }

    private static Tensor Elements(ModelParameter parameter, int start, int count) => parameter.Value.detach().view(-1).narrow(0, start, count);

    /// <summary>Host memory for new values of elements: their own when they are there.</summary>
    private static Tensor RoomFor(Tensor elements) =>
        elements.device_type == DeviceType.CPU ? elements : empty(elements.shape, dtype: elements.dtype);

    private static void Store(Tensor elements, Tensor host)
    {
        if (!ReferenceEquals(elements, host))
            elements.copy_(host);
    }

    private static bool IsBFloat16(ModelParameter parameter) => parameter.Value.dtype switch
    {
        ScalarType.BFloat16 => true,
        ScalarType.Float32 => false,
        _ => throw new NotSupportedException($"{parameter.Name} is {parameter.Value.dtype}; training moves float32 and bfloat16 weights only"),
    };
}
