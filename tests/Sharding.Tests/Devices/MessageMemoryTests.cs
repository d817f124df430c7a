using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Sharding.Tests.Devices;

public sealed class MessageMemoryTests
{
    private static readonly float[] s_numbers = [1, -0.0f, float.NaN, float.Epsilon, 3e38f, -7];
    private static readonly long[] s_shape = [2, 3];

    [Fact]
    public unsafe void Outgoing_NotStaged_IsTheTensorsOwnMemory()
    {
        using var memory = new MessageMemory(RankDevice.Cpu);
        using var value = tensor(s_numbers, s_shape);
        using var message = memory.Outgoing(value);
        Assert.Equal((nint)TensorMemory.Pointer(value), message.Address);
        Assert.Equal(6, message.Count);
    }

    [Fact]
    public unsafe void Outgoing_Staged_IsACopyWithTheSameBits()
    {
        using var memory = Staged();
        using var value = tensor(s_numbers, s_shape);
        using var message = memory.Outgoing(value);
        Assert.NotEqual((nint)TensorMemory.Pointer(value), message.Address);
        Assert.Equal(Bits(s_numbers), Bits(TensorMemory.AsSpan<float>(message.Data)));
    }

    [Fact]
    public void Outgoing_TransposedTensor_TravelsRowByRow()
    {
        foreach (var memory in new[] { new MessageMemory(RankDevice.Cpu), Staged() })
        {
            using var value = tensor(s_numbers, s_shape);
            using var transposed = value.t();
            using var message = memory.Outgoing(transposed);
            Assert.Equal(Bits([1, float.Epsilon, -0.0f, 3e38f, float.NaN, -7]), Bits(TensorMemory.AsSpan<float>(message.Data)));
            message.Dispose();
            memory.Dispose();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Take_WhatMpiWrote_IsATensorOfThatShape(bool staged)
    {
        using var memory = new MessageMemory(new RankDevice(CPU, staged));
        var message = memory.Incoming(s_shape, ScalarType.Float32);
        s_numbers.CopyTo(TensorMemory.AsSpan<float>(message.Data));
        using var value = message.Take();
        Assert.Equal(s_shape, value.shape);
        Assert.Equal(Bits(s_numbers), Bits(TensorMemory.AsSpan<float>(value)));
    }

    [Fact]
    public void Take_Staged_DoesNotSeeTheNextMessage()
    {
        using var memory = Staged();
        var first = memory.Incoming(s_shape, ScalarType.Float32);
        TensorMemory.AsSpan<float>(first.Data).Fill(1);
        nint buffer = first.Address;
        using var value = first.Take();
        using var second = memory.Incoming(s_shape, ScalarType.Float32);
        Assert.Equal(buffer, second.Address); // used again, not allocated
        TensorMemory.AsSpan<float>(second.Data).Fill(2);
        Assert.Equal(6f, value.sum().item<float>());
    }

    [Fact]
    public void Incoming_BufferUnderWay_IsNotGivenOutTwice()
    {
        using var memory = Staged();
        using var first = memory.Incoming(s_shape, ScalarType.Float32);
        using var second = memory.Incoming(s_shape, ScalarType.Float32);
        Assert.NotEqual(first.Address, second.Address);
    }

    [Fact]
    public void Staged_ManyMessagesOfManySizes_KeepAFewBuffers()
    {
        using var memory = Staged();
        long before = 0;
        for (int round = 0; round < 3; round++)
        {
            for (int rows = 0; rows < 50; rows++)
                memory.Incoming([rows, 7], ScalarType.BFloat16).Take().Dispose();
            if (round == 0)
                before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static MessageMemory Staged() => new(new RankDevice(CPU, StagesMessages: true));

    private static int[] Bits(ReadOnlySpan<float> values) => Array.ConvertAll(values.ToArray(), BitConverter.SingleToInt32Bits);
}
