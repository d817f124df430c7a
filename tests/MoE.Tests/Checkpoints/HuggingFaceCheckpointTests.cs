using System.Diagnostics;
using System.Text.Json.Nodes;

using E3Scale.TestSupport;

namespace E3Scale.MoE.Tests.Checkpoints;

/// <summary>Opening and looking; HuggingFaceCheckpointLoadTests reads tensors.</summary>
public sealed class HuggingFaceCheckpointTests
{
    private const string Config = """
        {"model_type": "llama", "vocab_size": 8, "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
        """;

    private const string OneTensor = """{"model.norm.weight":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""";

    [Fact]
    public void Open_AbsentFolder_SaysSo() => Assert.Contains("no such folder", ErrorOf("/nonexistent/model"), StringComparison.Ordinal);

    [Fact]
    public void Open_FolderWithoutConfig_NamesIt()
    {
        using TempFolder folder = new();
        Assert.Contains("config.json", ErrorOf(folder.Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"model_type": "llama", "model_type": "llama"}""")]
    [InlineData("""{"model_type": "llama", "vocab_size": NaN}""")]
    public void Open_BrokenConfig_NamesIt(string config)
    {
        using TempFolder folder = new();
        folder.Write("config.json", config);
        Assert.Contains("config.json", ErrorOf(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OtherQuantization_IsRefused()
    {
        using TempFolder folder = new();
        JsonObject config = JsonNode.Parse(Config)!.AsObject();
        config["quantization_config"] = JsonNode.Parse("""{"quant_method": "gptq", "bits": 4}""");
        folder.Write("config.json", config.ToJsonString());
        Assert.Contains("quantization_config.quant_method is 'gptq'", ErrorOf(folder.Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("pytorch_model.bin.index.json")]
    [InlineData("pytorch_model-00001-of-00002.bin")]
    [InlineData("consolidated.00.pth")]
    [InlineData("model.pt")]
    public void Open_PickledWeights_SaysHowToConvert(string file)
    {
        using TempFolder folder = new();
        folder.Write("config.json", Config);
        folder.Write(file, [1]);
        string message = ErrorOf(folder.Path);
        Assert.Contains(file, message, StringComparison.Ordinal);
        Assert.Contains("safe_serialization=True", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_IndexNamesPickledWeights_SaysHowToConvert()
    {
        using TempFolder folder = new();
        folder.Write("config.json", Config);
        folder.Write("x.bin", [1]);
        folder.Write("model.safetensors.index.json", """{"weight_map": {"model.norm.weight": "x.bin"}}""");
        Assert.Contains("safe_serialization=True", ErrorOf(folder.Path), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Open_PickledWeightsBesideSafetensors_AreNotOpened()
    {
        using TempFolder folder = new();
        folder.Write("config.json", Config);
        MakePipe(folder.File("pytorch_model.bin")); // who opens it waits for ever
        Assert.Contains("safe_serialization=True", ErrorOf(folder.Path), StringComparison.Ordinal);
        folder.Write("model.safetensors", SafetensorsBytes.Make(OneTensor, 16));
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Path);
        Assert.Equal(64, checkpoint.ContentHash.Length);
    }

    [SkippableTheory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    public void Open_PipeInsteadOfAFile_IsRefused(string file)
    {
        using TempFolder folder = new();
        folder.Write("config.json", Config);
        File.Delete(folder.File(file));
        MakePipe(folder.File(file));
        Assert.Contains(file, ErrorOf(folder.Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../x.safetensors")]
    [InlineData("/etc/x.safetensors")]
    [InlineData("a/x.safetensors")]
    [InlineData("..\\\\x.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("x.bin")]
    [InlineData("absent.safetensors")]
    public void Open_IndexNamesAFileElsewhere_IsRefused(string file)
    {
        using TempFolder outer = new();
        outer.Write("x.safetensors", SafetensorsBytes.Make(OneTensor, 16));
        string folder = Directory.CreateDirectory(outer.File("model")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "a"));
        File.WriteAllBytes(Path.Combine(folder, "a", "x.safetensors"), SafetensorsBytes.Make(OneTensor, 16));
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        string index = $$$"""{"weight_map": {"model.norm.weight": "{{{file}}}"}}""";
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index);
        Assert.Contains("model.norm.weight", ErrorOf(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"weight_map": []}""")]
    [InlineData("""{"weight_map": {"a": 1}}""")]
    [InlineData("""{"weight_map": {"a": "x.safetensors", "a": "x.safetensors"}}""")]
    public void Open_BrokenIndex_NamesIt(string index)
    {
        using TempFolder folder = new();
        folder.Write("config.json", Config);
        folder.Write("x.safetensors", SafetensorsBytes.Make(OneTensor, 16));
        folder.Write("model.safetensors.index.json", index);
        Assert.Contains("model.safetensors.index.json", ErrorOf(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LinkOutOfTheFolder_IsRefused()
    {
        using TempFolder outer = new();
        string secret = outer.Write("secret.safetensors", SafetensorsBytes.Make(OneTensor, 16));
        string folder = Directory.CreateDirectory(outer.File("model")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        File.CreateSymbolicLink(Path.Combine(folder, "model.safetensors"), secret);
        Assert.Contains("outside the model's folder", ErrorOf(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../secret.safetensors")]
    [InlineData("../model/../secret.safetensors")]
    [InlineData("sub/secret.safetensors")] // sub leads to the folder above
    [InlineData("link.safetensors")] // a link to a link
    [InlineData("model.safetensors")] // to itself
    [InlineData("absent.safetensors")]
    public void Open_LinkThatDoesNotEndInTheFolder_NamesIt(string target)
    {
        using TempFolder outer = new();
        outer.Write("secret.safetensors", SafetensorsBytes.Make(OneTensor, 16));
        string folder = Directory.CreateDirectory(outer.File("model")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        Directory.CreateSymbolicLink(Path.Combine(folder, "sub"), "..");
        File.CreateSymbolicLink(Path.Combine(folder, "link.safetensors"), "sub/secret.safetensors");
        File.CreateSymbolicLink(Path.Combine(folder, "model.safetensors"), target);
        Assert.Contains(Path.Combine(folder, "model.safetensors"), ErrorOf(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LinksWithinTheFolder_AreFollowed()
    {
        using TempFolder outer = new();
        string folder = Directory.CreateDirectory(outer.File("model/files")).Parent!.FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        File.WriteAllBytes(Path.Combine(folder, "files", "1"), SafetensorsBytes.Make(OneTensor, 16));
        Directory.CreateSymbolicLink(Path.Combine(folder, "sub"), "files");
        File.CreateSymbolicLink(Path.Combine(folder, "model.safetensors"), "sub/../files/1");
        Directory.CreateSymbolicLink(outer.File("latest"), "model");
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(outer.File("latest"));
        Assert.Equal([4L], checkpoint.ShapeOf("model.norm.weight"));
    }

    [Fact]
    public void Open_BlobsOfTheDownloadCacheLeadElsewhere_IsRefused()
    {
        using TempFolder outer = new();
        string snapshot = Directory.CreateDirectory(outer.File("cache/snapshots/abc")).FullName;
        Directory.CreateDirectory(outer.File("elsewhere"));
        File.WriteAllText(outer.File("elsewhere/1"), Config);
        Directory.CreateSymbolicLink(outer.File("cache/blobs"), outer.File("elsewhere"));
        File.CreateSymbolicLink(Path.Combine(snapshot, "config.json"), "../../blobs/1");
        Assert.Contains("outside the model's folder", ErrorOf(snapshot), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SnapshotOfTheDownloadCache_FollowsLinksToItsBlobs()
    {
        using TempFolder cache = new();
        string snapshot = Directory.CreateDirectory(cache.File("snapshots/abc")).FullName;
        string blobs = Directory.CreateDirectory(cache.File("blobs")).FullName;
        File.WriteAllText(Path.Combine(blobs, "1"), Config);
        File.WriteAllBytes(Path.Combine(blobs, "2"), SafetensorsBytes.Make(OneTensor, 16));
        File.CreateSymbolicLink(Path.Combine(snapshot, "config.json"), "../../blobs/1");
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.safetensors"), "../../blobs/2");
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(snapshot);
        Assert.Equal([4L], checkpoint.ShapeOf("model.norm.weight"));
    }

    [Fact]
    public void ShapeOf_IndexMapsToAFileThatLacksTheTensor_NamesBoth()
    {
        using TempFolder folder = new();
        folder.Write("config.json", Config);
        folder.Write("x.safetensors", SafetensorsBytes.Make(OneTensor, 16));
        folder.Write("model.safetensors.index.json", """{"weight_map": {"lm_head.weight": "x.safetensors"}}""");
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Path);
        string message = Assert.Throws<CheckpointException>(() => checkpoint.ShapeOf("lm_head.weight")).Message;
        Assert.Contains("x.safetensors", message, StringComparison.Ordinal);
        Assert.Contains("'lm_head.weight'", message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void TensorNames_MultiTokenPredictionAndRotaryTables_AreLeftOut()
    {
        using HuggingFaceCheckpoint deepSeek = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_sharded_mtp"));
        Assert.True(deepSeek.Contains("model.layers.5.eh_proj.weight"));
        Assert.All(deepSeek.TensorNames, name => Assert.True(deepSeek.Names.LayerOf(name) is null or < 5));
        using HuggingFaceCheckpoint llama = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_mha"));
        Assert.DoesNotContain(llama.TensorNames, name => name.Contains("inv_freq", StringComparison.Ordinal));
    }

    [Fact]
    public void ContentHash_SameTensorsInOtherFiles_IsTheSame()
    {
        const string twoTensors = """
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}
            """;
        using TempFolder single = new();
        single.Write("config.json", Config);
        single.Write("model.safetensors", SafetensorsBytes.Make(twoTensors, 8));
        using TempFolder sharded = new();
        sharded.Write("config.json", Config);
        sharded.Write("1.safetensors", SafetensorsBytes.Make("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4));
        byte[] second = SafetensorsBytes.Make("""{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4);
        byte[] secondData = [4, 5, 6, 7];
        secondData.CopyTo(second, second.Length - 4);
        sharded.Write("2.safetensors", second);
        sharded.Write("model.safetensors.index.json", """{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}""");
        Assert.Equal(HashOf(single), HashOf(sharded));

        second[^1]++;
        sharded.Write("2.safetensors", second);
        Assert.NotEqual(HashOf(single), HashOf(sharded));
    }

    private static void MakePipe(string path)
    {
        Skip.If(OperatingSystem.IsWindows(), "has no named pipes in folders");
        using Process process = Process.Start("mkfifo", path);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static string HashOf(TempFolder folder)
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Path);
        return checkpoint.ContentHash;
    }

    private static string ErrorOf(string folder) =>
        Assert.Throws<CheckpointException>(() => HuggingFaceCheckpoint.Open(folder).Dispose()).Message;
}
