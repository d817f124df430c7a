using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using E3Scale.TestSupport;

namespace E3Scale.MoE.Tests.Checkpoints;

public sealed class CheckpointInventoryTests
{
    public static TheoryData<string> Folders => StoredTensors.Folders;

    [SkippableTheory]
    [MemberData(nameof(Folders))]
    public void Read_WholeModel_MissesNothingAndKnowsEveryTensor(string folder)
    {
        string path = StoredTensors.PathOf(folder);
        CheckpointInventory inventory = CheckpointInventory.Read(ArchitectureConfig.Read(path), path);

        Assert.Empty(inventory.Missing);
        Assert.Empty(inventory.Misshapen);
        Assert.Empty(inventory.Unknown);
        var stored = StoredTensors.Read(path);
        Assert.Equal(stored.Count, inventory.ByType.Values.Sum(type => type.Tensors));
        Assert.Equal(stored.Values.Sum(tensor => tensor.Bytes.Length), inventory.ByType.Values.Sum(type => type.Bytes));
        Assert.Equal(folder == "deepseek_fp8", inventory.Fp8Blocks is [128, 128]);
        Assert.Equal(folder == "deepseek_sharded_mtp", inventory.ByRole.ContainsKey(TensorRole.Prediction));
    }

    [Fact]
    public void Read_OtherModel_NamesWhatIsMissingMisshapenAndUnknown()
    {
        using TempFolder temp = new();
        SmallModel.Write(temp.Path, SmallModel.Llama(layers: 3));
        JsonObject config = SmallModel.Llama(layers: 2);
        config["intermediate_size"] = 48;
        config["tie_word_embeddings"] = false;
        temp.Write("config.json", config.ToJsonString());
        CheckpointInventory inventory = CheckpointInventory.Read(ArchitectureConfig.Read(temp.Path), temp.Path);

        Assert.False(inventory.IsComplete);
        Assert.Equal(6, inventory.Misshapen.Count);
        Assert.Contains("model.layers.0.mlp.up_proj.weight: [32, 24], the config asks for [48, 24]", inventory.Misshapen);
        Assert.Empty(inventory.Missing);
        Assert.All(inventory.Unknown, name => Assert.StartsWith("model.layers.2.", name, StringComparison.Ordinal));
        Assert.Equal(9, inventory.Unknown.Count);
    }

    [SkippableFact]
    public void Read_Fp8WeightWithoutScales_MissesThem()
    {
        using TempFolder temp = new();
        string source = StoredTensors.PathOf("deepseek_fp8"), name = "model.layers.2.self_attn.o_proj.weight_scale_inv";
        foreach (string file in (string[])["config.json", "model.safetensors"])
            File.Copy(Path.Combine(source, file), temp.File(file));
        string[] names = [.. StoredTensors.Read(source).Keys.Where(other => other != name)];
        temp.Write("model.safetensors.index.json", new JsonObject
        {
            ["weight_map"] = new JsonObject(names.Select(tensor => KeyValuePair.Create(tensor, (JsonNode?)"model.safetensors"))),
        }.ToJsonString());

        Assert.Equal([name], CheckpointInventory.Read(ArchitectureConfig.Read(temp.Path), temp.Path).Missing);
    }

    // The published checkpoint has 91,991 tensors in 163 files; here the files have their headers, and holes where the data would be.
    [SkippableFact]
    public void Read_DeepSeekR1In163Files_CountsThePublishedElements()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs files with holes");
        using TempFolder temp = new();
        ArchitectureConfig model = ArchitectureConfig.Read(Path.Combine(SharedData.RepositoryRoot, "cluster", "models", "deepseek-r1"));
        File.Copy(model.Path, temp.File("config.json"));
        JsonObject fileOfTensor = [];
        int number = 0;
        foreach (PublishedTensor[] shard in model.PublishedTensors.Chunk(565))
        {
            string file = $"model-{++number:D5}-of-000163.safetensors";
            WriteHeader(temp.File(file), shard);
            foreach (PublishedTensor tensor in shard)
                fileOfTensor.Add(tensor.Name, file);
        }
        temp.Write("model.safetensors.index.json", new JsonObject { ["weight_map"] = fileOfTensor }.ToJsonString());

        CheckpointInventory inventory = CheckpointInventory.Read(model, temp.Path);

        Assert.Equal(163, inventory.FileCount);
        Assert.Equal((0, 0, 0), (inventory.Missing.Count, inventory.Misshapen.Count, inventory.Unknown.Count));
        Assert.Equal(680_571_043_840, inventory.ByType["F8_E4M3"].Elements);
        Assert.Equal(3_918_786_560, inventory.ByType["BF16"].Elements);
        Assert.Equal(41_555_600, inventory.ByType["F32"].Elements);
        Assert.InRange(inventory.FileBytes, 688e9, 689e9);
    }

    private static void WriteHeader(string path, PublishedTensor[] tensors)
    {
        JsonObject header = [];
        long offset = 0;
        foreach (PublishedTensor tensor in tensors)
        {
            long end = offset + tensor.Count * tensor.Type.ByteSize();
            header[tensor.Name] = new JsonObject
            {
                ["dtype"] = tensor.Type.ToString(),
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }
        byte[] text = Encoding.ASCII.GetBytes(header.ToJsonString()), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        using FileStream stream = File.Create(path);
        stream.Write(length);
        stream.Write(text);
        stream.SetLength(stream.Length + offset);
    }
}
