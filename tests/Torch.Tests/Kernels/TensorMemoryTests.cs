using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

public sealed class TensorMemoryTests
{
    [Fact]
    public void AsSpan_WrittenThrough_ChangesTheTensor()
    {
        using var x = zeros(3);
        TensorMemory.AsSpan<float>(x)[1] = 5;
        Assert.Equal([0f, 5f, 0f], x.data<float>().ToArray());
    }

    [Fact]
    public void AsSpan_BFloat16_ReadsAsUShort()
    {
        using var x = ones([2], dtype: bfloat16);
        Assert.Equal([(ushort)0x3F80, (ushort)0x3F80], TensorMemory.AsSpan<ushort>(x).ToArray());
    }

    [Fact]
    public void AsSpan_OtherElementSize_Throws()
    {
        using var x = zeros(3);
        Assert.Throws<ArgumentException>(() => { TensorMemory.AsSpan<double>(x); });
    }

    [Fact]
    public unsafe void Pointer_OfANarrowedTensor_StartsAtItsFirstElement()
    {
        using var scope = NewDisposeScope();
        var x = arange(6).view(3, 2).narrow(0, 1, 2);
        Assert.Equal(2L, *(long*)TensorMemory.Pointer(x));
        Assert.True(TensorMemory.Pointer(zeros(0)) == null);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void UntouchedZeros_AreZerosThatCanBeWritten(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var like = ones([3, 5], dtype: dtype);
        var x = TensorMemory.UntouchedZeros(like);
        Assert.Equal([3, 5], x.shape);
        Assert.Equal(dtype, x.dtype);
        Assert.Equal(0, x.to_type(ScalarType.Float32).abs().sum().item<float>());
        x[1, 2] = 7;
        Assert.Equal(7, (x + x * 0).to_type(ScalarType.Float32).sum().item<float>());
        Assert.Equal([0, 4], TensorMemory.UntouchedZeros(zeros([0, 4])).shape);
    }

#if !TORCHSHARP_PACKAGE
    [Fact]
    public void UntouchedZeros_OfAGibibyte_TakesNoMemory()
    {
        using var like = ones([1]).expand(1 << 28);
        long before = Environment.WorkingSet;
        for (int i = 0; i < 3; i++)
        {
            using var x = TensorMemory.UntouchedZeros(like);
            x.narrow(0, 1 << 27, 8).fill_(1);
            Assert.True(Environment.WorkingSet - before < 256 << 20);
        }
    }
#endif

    [Fact]
    public void Pointer_NotContiguous_Throws()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 3).t();
        Assert.Throws<InvalidOperationException>(() => { unsafe { TensorMemory.Pointer(x); } });
    }
}
