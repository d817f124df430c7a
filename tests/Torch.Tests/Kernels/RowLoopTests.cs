using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

public sealed class RowLoopTests : IDisposable
{
    private readonly int _threads = get_num_threads();

    public void Dispose() => set_num_threads(_threads);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 100)]
    [InlineData(3, 3)]
    [InlineData(3, 100)]
    [InlineData(5, 7)]
    public void Run_AnyNumberOfThreads_DoesEveryRowOnceWithItsThreadsScratch(int threads, int rows)
    {
        set_num_threads(threads);
        int[] times = new int[rows];
        int scratches = 0;

        RowLoop.Run(rows, () => Interlocked.Increment(ref scratches), (_, row) => Interlocked.Increment(ref times[row]), fewestRowsPerThread: 1);

        Assert.All(times, count => Assert.Equal(1, count));
        Assert.Equal(Math.Max(1, Math.Min(threads, rows)), scratches);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Run_RowThatFails_ThrowsItsException(int threads)
    {
        set_num_threads(threads);
        var error = Assert.Throws<InvalidDataException>(
            () => RowLoop.Run(8, () => 0, (_, row) => throw (row == 5 ? new InvalidDataException("row 5") : new InvalidDataException("another")), fewestRowsPerThread: 1));
        Assert.Contains("Run_RowThatFails", error.StackTrace, StringComparison.Ordinal);
        RowLoop.Run(8, () => 0, (_, _) => { }, fewestRowsPerThread: 1);
    }

    [Fact]
    public void OnThreads_WhatRunsThere_KeepsToItsThread()
    {
        set_num_threads(3);
        int[] threads = new int[3];
        float[] sums = new float[3];
        RowLoop.OnThreads(3, part =>
        {
            using var scope = NewDisposeScope();
            threads[part] = get_num_threads();
            sums[part] = ones(200, 200).matmul(ones(200, 200)).to_type(ScalarType.BFloat16).matmul(ones(200, 200, dtype: ScalarType.BFloat16)).to_type(ScalarType.Float32).sum().item<float>();
        });
        Assert.Equal([1, 1, 1], threads);
        Assert.All(sums, sum => Assert.InRange(sum, 0.99f * 200 * 200 * 200 * 200, 1.01f * 200 * 200 * 200 * 200));
        Assert.Equal(3, get_num_threads());
    }

    [Fact]
    public void Run_AmongOtherOperations_KeepsTheirThreads()
    {
        set_num_threads(2);
        using var scope = NewDisposeScope();
        var x = ones(300, 300);
        for (int i = 0; i < 20; i++)
        {
            float[] sums = new float[300];
            var product = x.matmul(x);
            RowLoop.Run(300, () => 0, (_, row) => sums[row] = row);
            Assert.Equal(300f * 300 * 300, product.sum().item<float>());
            Assert.Equal(299 * 300 / 2, sums.Sum());
        }
        Assert.Equal(2, get_num_threads());
    }
}
