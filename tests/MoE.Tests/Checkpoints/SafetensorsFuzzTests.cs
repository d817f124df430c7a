using System.Buffers.Binary;
using System.Text;
using E3Scale.TestSupport.Fuzzing;
using TorchSharp;

namespace E3Scale.MoE.Tests.Checkpoints;

/// <summary>
/// Damaged and hostile safetensors files: a clear error, or tensors that are exactly the bytes of the file; never a crash, or more memory
/// than the size of the file accounts for. The target Fuzz runs the same tests on many more files.
/// </summary>
public sealed class SafetensorsFuzzTests : IDisposable
{
    // Every kind of width, a scalar, an empty tensor, and offsets in another order than the names.
    private const string Header = """
        {"__metadata__":{"format":"pt","note":"\u00e9"},
         "embed":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},"bias":{"dtype":"F64","shape":[2],"data_offsets":[24,40]},
         "a.weight":{"dtype":"BF16","shape":[2,2,1],"data_offsets":[48,56]},"a.half":{"dtype":"F16","shape":[4],"data_offsets":[40,48]},
         "codes":{"dtype":"F8_E4M3","shape":[2,4],"data_offsets":[56,64]},"step":{"dtype":"I64","shape":[],"data_offsets":[64,72]},
         "flags":{"dtype":"BOOL","shape":[3],"data_offsets":[72,75]},"empty":{"dtype":"U8","shape":[0,7],"data_offsets":[75,75]}}
        """;

    private const int DataBytes = 75;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_BytesChanged_ThrowsOrGivesTheBytesOfTheFile()
    {
        byte[] sound = SafetensorsBytes.Make(Header, DataBytes);
        Random random = new(31);
        Check(FuzzFiles.Share(percent: 40), () => ByteMutator.Mutate(sound, random));
    }

    [Fact]
    public void Open_HeaderChanged_ThrowsOrGivesTheBytesOfTheFile()
    {
        byte[] sound = Encoding.UTF8.GetBytes(Header);
        Random random = new(32);
        Check(FuzzFiles.Share(percent: 60), () =>
        {
            string header = Encoding.UTF8.GetString(JsonMutator.Mutate(sound, random));
            int dataBytes = random.Next(8) == 0 ? random.Next(2 * DataBytes) : DataBytes;
            byte[] file = SafetensorsBytes.Make(header, dataBytes);
            if (random.Next(16) == 0) // the length field lies
                BinaryPrimitives.WriteInt64LittleEndian(file, random.NextInt64(-2, 1L << random.Next(1, 63)));
            return file;
        });
    }

    /// <summary>Many of the smallest parts that a header can have: what they cost must stay in proportion.</summary>
    [Theory]
    [InlineData("\"a{0}\":0,")]
    [InlineData("\"{0}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}},")]
    [InlineData("\"{0}\":{{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}},")]
    [InlineData("\"{0}\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]],")]
    public void Open_ManySmallParts_AllocatesInProportion(string part)
    {
        StringBuilder header = new("{");
        for (int i = 0; i < 20_000; i++)
            header.AppendFormat(null, part, i);
        header.Append("\"z\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
        Check(1, () => SafetensorsBytes.Make(header.ToString(), 0));
    }

    private void Check(int files, Func<byte[]> next)
    {
        for (int round = 0; round < files; round++)
        {
            byte[] content = next();
            string path = _folder.Write("x.safetensors", content);
            // A tensor of 50 bytes of header is read into small objects; the constant holds messages of exceptions and the mapping.
            HostileInput.Read<CheckpointException>(() => ReadAll(path, content), path, (128L * content.Length) + (1 << 16), content);
        }
    }

    private static void ReadAll(string path, byte[] content)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        long dataStart = sizeof(ulong) + BinaryPrimitives.ReadInt64LittleEndian(content);
        long next = dataStart;
        foreach (TensorEntry entry in file.Entries)
        {
            Assert.Equal(next, entry.Offset); // neither gaps nor overlaps
            next += entry.ByteCount;
            if (entry.Type.ToScalarType() is null)
                continue;
            using torch.Tensor tensor = file.Load(entry.Name);
            Assert.Equal(entry.Shape, tensor.shape);
            Assert.True(tensor.numel() == 0 || tensor.bytes.SequenceEqual(content.AsSpan((int)entry.Offset, (int)entry.ByteCount)));
        }
        Assert.Equal(content.Length, next);
    }
}
