namespace E3Scale.MoE.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    private const string TwoTensors =
        """{"__metadata__":{"format":"pt"},"b":{"dtype":"I8","shape":[2],"data_offsets":[8,10]},""" +
        """ "a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}""";

    [Fact]
    public void Open_SoundFile_ListsTensorsInTheOrderOfTheirBytes()
    {
        using TempFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("x.safetensors", SafetensorsBytes.Make(TwoTensors, 10)));
        Assert.Equal(["a", "b"], file.Entries.Select(e => e.Name));
        Assert.Equal([1L, 2L], file.Entry("a").Shape);
        Assert.Equal(SafetensorsType.I8, file.Entry("b").Type);
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Fact]
    public void Read_PartOfATensor_GivesItsBytes()
    {
        using TempFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("x.safetensors", SafetensorsBytes.Make(TwoTensors, 10)));
        byte[] bytes = new byte[3];
        file.Read(file.Entry("a"), 4, bytes);
        Assert.Equal([4, 5, 6], bytes);
    }

    [Fact]
    public void Read_BeyondTheTensor_Throws()
    {
        using TempFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("x.safetensors", SafetensorsBytes.Make(TwoTensors, 10)));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Entry("a"), 6, new byte[3]));
    }

    [Fact]
    public void Entry_UnknownName_NamesFileAndTensor()
    {
        using TempFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("x.safetensors", SafetensorsBytes.Make(TwoTensors, 10)));
        string message = Assert.Throws<CheckpointException>(() => file.Entry("missing")).Message;
        Assert.Contains("x.safetensors", message, StringComparison.Ordinal);
        Assert.Contains("'missing'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoTensors_IsSound()
    {
        using TempFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("x.safetensors", SafetensorsBytes.Make("{}", 0)));
        Assert.Empty(file.Entries);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8)] // duplicate
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4)] // overlap
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12)] // hole
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8)] // trailing bytes
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4)] // beyond the file
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4)] // too few bytes for the shape
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0)] // product overflows to 0
    [InlineData("""{"a":{"dtype":"F32","shape":[1e30],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4)]
    [InlineData("""{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"1","shape":[1],"data_offsets":[0,4]}}""", 4)] // the number of an enum value is not a name
    [InlineData("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":null}""", 4)]
    [InlineData("""{"__metadata__":{"format":1}}""", 0)]
    [InlineData("""{"__metadata__":"pt"}""", 0)]
    [InlineData("""[]""", 0)]
    [InlineData("""{"a":""", 4)]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4)] // half of a surrogate pair
    [InlineData(""" {}""", 0)] // must start with a brace
    public void Open_UnsoundHeader_NamesTheFile(string header, int dataBytes)
    {
        using TempFolder folder = new();
        string path = folder.Write("x.safetensors", SafetensorsBytes.Make(header, dataBytes));
        string message = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message;
        Assert.Contains("x.safetensors", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(3UL)]
    [InlineData(100_000_001UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(long.MaxValue)]
    public void Open_LyingHeaderLength_Throws(ulong claimed)
    {
        using TempFolder folder = new();
        string path = folder.Write("x.safetensors", SafetensorsBytes.Make(claimed, "{}", 0));
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
    }

    [Fact]
    public void Open_DeepJson_Throws()
    {
        using TempFolder folder = new();
        string deep = $"{{\"a\":{new string('[', 100_000)}{new string(']', 100_000)}}}";
        string path = folder.Write("x.safetensors", SafetensorsBytes.Make(deep, 0));
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(40)]
    [InlineData(-1)] // all but one byte
    public void Open_TruncatedFile_Throws(int length)
    {
        using TempFolder folder = new();
        byte[] whole = SafetensorsBytes.Make(TwoTensors, 10);
        string path = folder.Write("x.safetensors", length < 0 ? whole[..^-length] : whole[..length]);
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
    }

    [Fact]
    public void Open_AbsentFile_Throws() => Assert.Throws<CheckpointException>(() => SafetensorsFile.Open("/nonexistent/x.safetensors"));
}
