using System.Numerics;
using System.Runtime.Intrinsics;
using E3Scale.Kernels;

namespace E3Scale.Torch.Tests.Kernels;

public sealed class RowMathTests
{
    [Fact]
    public void Exp_WholeRange_StaysWithinTheStatedError()
    {
        double worst = 0;
        for (float x = -87.3f; x < 88; x += 0.00317f)
        {
            double exact = Math.Exp(x);
            worst = Math.Max(worst, Math.Abs(RowMath.Exp(Vector512.Create(x))[3] - exact) / exact);
        }
        Assert.InRange(worst, 0, 1.2e-7);
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-88f, 0f)]
    [InlineData(-1e30f, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void Exp_SpecialValue_IsExact(float x, float expected)
    {
        Assert.Equal(expected, RowMath.Exp(Vector512.Create(x))[0]);
        Assert.Equal(expected, RowMath.Exp(new Vector<float>(x))[0]);
    }

    [Fact]
    public void Exp_AnyLaneCount_GivesTheSameBits()
    {
        for (float x = -87.3f; x < 88; x += 0.0317f)
            Assert.Equal(RowMath.Exp(Vector512.Create(x))[0], RowMath.Exp(new Vector<float>(x))[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(4096)]
    [InlineData(10007)]
    public void LogSumExp_AnyLength_EqualsFloat64(int length)
    {
        float[] row = Row(length, offset: 80);
        double expected = 80 + Math.Log(row.Sum(z => Math.Exp(z - 80.0)));

        Assert.Equal(expected, RowMath.LogSumExp(row), 1e-6);
        Assert.Equal(row.Max(), RowMath.Max(row));
    }

    [Fact]
    public void LogSumExp_EmptyOrMaskedRow_IsNegativeInfinity()
    {
        Assert.Equal(double.NegativeInfinity, RowMath.LogSumExp([]));
        Assert.Equal(double.NegativeInfinity, RowMath.LogSumExp([float.NegativeInfinity, float.NegativeInfinity]));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(5000)]
    public void SumExpAndWeighted_MaskedEntries_AddNothing(int length)
    {
        float[] row = Row(length, offset: 0), masked = [.. row, float.NegativeInfinity, float.NegativeInfinity];
        float max = RowMath.Max(row);
        double sum = row.Sum(z => Math.Exp(z - max)), weighted = row.Sum(z => Math.Exp(z - max) * (z - max));

        (double actualSum, double actualWeighted) = RowMath.SumExpAndWeighted(masked, max);

        Assert.InRange(actualSum / sum, 1 - 1e-6, 1 + 1e-6);
        Assert.InRange(actualWeighted / weighted, 1 - 1e-6, 1 + 1e-6);
    }

    [Theory]
    [InlineData(33, 0f)]
    [InlineData(64, -120f)]
    public void ScaledExp_LogSumExpAsShift_IsAScaledSoftmax(int length, float offset)
    {
        float[] row = Row(length, offset), output = new float[length];
        double logSumExp = offset + Math.Log(row.Sum(z => Math.Exp((double)z - offset)));

        RowMath.ScaledExp(row, logSumExp, -0.5, output);

        for (int v = 0; v < length; v++)
            Assert.Equal(-0.5 * Math.Exp(row[v] - logSumExp), output[v], 1e-6);
        RowMath.ScaledExp(row, logSumExp, -0.5, row); // in place
        Assert.Equal(output, row);
    }

    private static float[] Row(int length, float offset) =>
        [.. Enumerable.Range(0, length).Select(i => offset + (float)(4 * Math.Sin(0.7 * i + 0.013 * i * i)))];
}
