using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

/// <summary>Memory of tensors beyond 32 MiB, which libtorch would take from the system anew each time.</summary>
public sealed unsafe class LargeTensorMemoryTests
{
    private const long Large = 12 << 20; // 48 MiB of float32

    [Fact]
    public void Empty_AfterOneOfAboutTheSameSize_TakesItsMemory()
    {
        nint first = Address(Large);
        Assert.Equal(first, Address(Large));
        Assert.Equal(first, Address(Large - (1 << 19)));
        using Tensor held = empty(Large), other = empty(Large);
        Assert.NotEqual((nint)TensorMemory.Pointer(held), (nint)TensorMemory.Pointer(other));
    }

    [Fact]
    public void Zeros_InMemoryThatWasUsed_AreZeros()
    {
        using (Tensor used = full([Large], 3f))
            Assert.Equal(3, used[Large - 1].item<float>());
        using Tensor zero = zeros(Large);
        Assert.Equal(0, zero.count_nonzero().item<long>());
    }

    [Fact]
    public void Memory_OfSizesThatComeAndGo_IsThatOfTheMostAtOneTime()
    {
        long before = Resident();
        for (long size = Large; size < 8 * Large; size += Large / 2)
            using (ones(size))
            {
            }
        long most = 8 * Large * sizeof(float);
        Assert.InRange(Resident() - before, long.MinValue, most + (64 << 20));
    }

    private static nint Address(long size)
    {
        using Tensor tensor = empty(size);
        return (nint)TensorMemory.Pointer(tensor);
    }

    private static long Resident()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
