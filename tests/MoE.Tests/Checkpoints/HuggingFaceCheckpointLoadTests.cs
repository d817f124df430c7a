using E3Scale.TestSupport;

using TorchSharp;

namespace E3Scale.MoE.Tests.Checkpoints;

public sealed class HuggingFaceCheckpointLoadTests
{
    [SkippableFact]
    public void Load_Fp8Weights_EqualTheReferenceExactly()
    {
        using IDisposable scope = torch.NewDisposeScope();
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_fp8"));
        using SafetensorsFile expected = SafetensorsFile.Open(SharedData.Require("golden", "deepseek_fp8", "dequantized.safetensors"));
        foreach (TensorEntry entry in expected.Entries)
        {
            Assert.Equal(SafetensorsType.F8_E4M3, checkpoint.TypeOf(entry.Name));
            torch.Tensor actual = checkpoint.Load(entry.Name, [.. entry.Shape], torch.ScalarType.Float32);
            Assert.True(expected.Load(entry.Name).bytes.SequenceEqual(actual.bytes), entry.Name);
        }
    }

    [SkippableFact]
    public void Load_Bfloat16Weight_WidensExactly()
    {
        using IDisposable scope = torch.NewDisposeScope();
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_fp8"));
        torch.Tensor wide = checkpoint.Load("model.embed_tokens.weight", [128, 160], torch.ScalarType.Float32);
        torch.Tensor narrow = checkpoint.Load("model.embed_tokens.weight", [128, 160], torch.ScalarType.BFloat16);
        Assert.Equal(torch.ScalarType.Float32, wide.dtype);
        Assert.Equal(torch.ScalarType.BFloat16, narrow.dtype);
        Assert.True(wide.bytes.SequenceEqual(narrow.to(torch.ScalarType.Float32).bytes));
    }

    [Theory]
    [InlineData(torch.ScalarType.Float16)]
    [InlineData(torch.ScalarType.BFloat16)]
    [InlineData(torch.ScalarType.Float64)]
    public void Load_WeightsOfAnyFloatType_AreTheStoredOnesWidened(torch.ScalarType stored)
    {
        using IDisposable scope = torch.NewDisposeScope();
        using var folder = new TestFolder();
        using Decoder model = SmallModel.Create(SmallModel.Llama(tied: true));
        SmallModel.Write(folder.Root, SmallModel.Llama(tied: true));
        var weights = model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.to_type(stored), StringComparer.Ordinal);
        SafetensorsWriter.Save(folder["model.safetensors"], weights);

        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Root);
        using var loaded = new Decoder(checkpoint.Config, checkpoint.Names, checkpoint);

        Assert.All(loaded.Parameters.All, parameter =>
            Assert.True(parameter.Value.bytes.SequenceEqual(weights[parameter.Name].to_type(torch.ScalarType.Float32).bytes), parameter.Name));
    }

    [SkippableFact]
    public void Load_ResultDisposed_LeavesNoTensors()
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_fp8"));
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        foreach (string name in checkpoint.TensorNames)
            checkpoint.Load(name, [.. checkpoint.ShapeOf(name)], torch.ScalarType.BFloat16).Dispose();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [SkippableFact]
    public void Load_OtherShape_NamesBothShapes()
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        string message = ErrorOf(checkpoint, "model.norm.weight", [65]);
        Assert.Contains("[64]", message, StringComparison.Ordinal);
        Assert.Contains("[65]", message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Load_MissingTensor_NamesIt()
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        string message = ErrorOf(checkpoint, "model.layers.9.x", [1]);
        Assert.Contains("'model.layers.9.x'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Fp8WithoutScales_NamesTheMissingTensor()
    {
        string message = ErrorOfFp8("""{"w":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]}}""", 4);
        Assert.Contains("'w_scale_inv'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Fp8WithTooFewScales_NamesBothShapes()
    {
        string message = ErrorOfFp8(
            """{"w_scale_inv":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},""" +
            """ "w":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[8,12]}}""", 12);
        Assert.Contains("[2, 1]", message, StringComparison.Ordinal);
        Assert.Contains("[1, 1]", message, StringComparison.Ordinal);
    }

    private static string ErrorOfFp8(string header, int dataBytes)
    {
        using TempFolder folder = new();
        folder.Write("config.json", """
            {"model_type": "llama", "vocab_size": 8, "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1,
             "num_attention_heads": 2}
            """);
        folder.Write("model.safetensors", SafetensorsBytes.Make(header, dataBytes));
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Path);
        return ErrorOf(checkpoint, "w", [2, 2]);
    }

    private static string ErrorOf(HuggingFaceCheckpoint checkpoint, string name, long[] shape) =>
        Assert.Throws<CheckpointException>(() => checkpoint.Load(name, shape, torch.ScalarType.Float32)).Message;
}
