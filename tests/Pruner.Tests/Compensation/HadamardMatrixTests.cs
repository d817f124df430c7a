using E3Scale.Pruner.Compensation;

namespace E3Scale.Pruner.Tests.Compensation;

public sealed class HadamardMatrixTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(12)] // Paley I, q = 11
    [InlineData(20)] // Paley I, q = 19: 5120 = 20 * 2^8
    [InlineData(28)] // Paley II, q = 13, since 27 is no prime: 7168 = 28 * 2^8
    [InlineData(36)] // Paley II, q = 17
    [InlineData(60)] // Paley I, q = 59: 7680 = 60 * 2^7
    [InlineData(64)]
    [InlineData(240)]
    [InlineData(224)]
    public void Create_Size_HasOrthogonalRowsOfSigns(int size)
    {
        sbyte[] h = HadamardMatrix.Create(size);

        Assert.All(h, entry => Assert.Equal(1, Math.Abs(entry)));
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++)
                Assert.Equal(i == j ? size : 0, Enumerable.Range(0, size).Sum(k => h[i * size + k] * h[j * size + k]));
    }

    [Fact]
    public void Create_Doubling_IsSylvesters() => Assert.Equal(
        [1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1], HadamardMatrix.Create(4).Select(entry => (int)entry));

    [Theory]
    [InlineData(3)]
    [InlineData(92)] // needs Williamson's construction
    [InlineData(72 + 2)]
    public void Create_SizeWithoutConstruction_Throws(int size) => Assert.Throws<ArgumentException>(() => HadamardMatrix.Create(size));
}
