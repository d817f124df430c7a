using E3Scale.Launcher.Recipes;

namespace E3Scale.Launcher.Tests.Recipes;

public class ByteSizeTests
{
    [Theory]
    [InlineData("5GB", 5_000_000_000)]
    [InlineData("512MiB", 536_870_912)]
    [InlineData("1.5 kb", 1500)]
    [InlineData("2TiB", 2_199_023_255_552)]
    [InlineData("17", 17)]
    [InlineData("17B", 17)]
    public void Parse_Size_GivesItsBytes(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse(text));

    [Theory]
    [InlineData(17, "17 bytes")]
    [InlineData(8_260_000, "8.3 MB")]
    [InlineData(2_684_105_676_800, "2.7 TB")]
    public void Format_Bytes_TakesTheLargestUnit(long bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));

    [Theory]
    [InlineData("")]
    [InlineData("GB")]
    [InlineData("0GB")]
    [InlineData("-5GB")]
    [InlineData("5 apples")]
    [InlineData("1e30")]
    [InlineData("99999999999TB")]
    public void Parse_AnythingElse_IsNone(string text) => Assert.Null(ByteSize.Parse(text));
}
