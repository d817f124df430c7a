using System.Text.Json.Nodes;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Export;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Export;

/// <summary>A trained student on its way through the folder: what is read back must be the student that was in memory.</summary>
public sealed class ExportStageTests : IDisposable
{
    private const int TotalSteps = 3;
    private static readonly int[] s_dropped = [0, 2]; // a dense layer and a mixture of experts

    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void Run_TrainedStudent_ReadsBackAsTheSameModel(bool mixtureOfExperts, bool withAdapters)
    {
        SmallModel.Write(_folder["teacher"], mixtureOfExperts ? SmallModel.DeepSeek(5) : SmallModel.Llama(5));
        WriteMask();
        TrainOptions train = new() { Lora = withAdapters ? new LoraOptions { Rank = 2, Alpha = 4 } : null };
        double[] expected = TrainAndSave(train);
        Stage(train).Run();

        using var scope = NewDisposeScope();
        using var student = HuggingFaceCheckpoint.Open(_folder["student"]);
        using Decoder model = new(student.Config, student.Names, student);
        Assert.Equal(3, student.Config.LayerCount);
        Assert.All(Enumerable.Range(0, 3), layer => Assert.Equal(mixtureOfExperts, student.Config.IsMoeLayer(layer)));
        Assert.DoesNotContain(student.TensorNames, Projection.IsAdapter);
        double[] actual = Logits(model);
        double tolerance = withAdapters ? 5e-4 : 0; // merging adds in another order; full weights are the same bits
        Assert.All(expected.Zip(actual), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, tolerance));
    }

    // Adapters stand beside attention, dense MLPs and shared experts; routed experts stay the teacher's.
    [Theory]
    [InlineData(FrozenStorage.Same)]
    [InlineData(FrozenStorage.Fp8)]
    public void Run_AdaptersOnAnFp8Teacher_CopiesWhatTheyLeaveAlone(FrozenStorage frozen)
    {
        SmallModel.Write(_folder["float32"], SmallModel.DeepSeek(5));
        using (var toFp8 = new CheckpointExporter(new ExportOptions
        {
            SourceFolder = _folder["float32"],
            TargetFolder = _folder["teacher"],
            KeptLayers = [0, 1, 2, 3, 4],
            Method = "none",
            Weights = WeightFormat.Fp8,
        }))
            toFp8.Export(toFp8.SourceTensors(0, 1));
        WriteMask();
        TrainOptions train = new() { Lora = new LoraOptions { Rank = 2, Alpha = 4 }, Frozen = frozen };
        TrainAndSave(train);
        ExportSummary summary = Stage(train, WeightFormat.Fp8).Run();

        Assert.Equal(
            Stored("teacher", "model.layers.3.mlp.experts.5.down_proj.weight"), Stored("student", "model.layers.1.mlp.experts.5.down_proj.weight"));
        Assert.Equal(Stored("teacher", "model.layers.3.input_layernorm.weight"), Stored("student", "model.layers.1.input_layernorm.weight"));
        Assert.NotEqual(Stored("teacher", "model.layers.3.self_attn.o_proj.weight"), Stored("student", "model.layers.1.self_attn.o_proj.weight"));
        Assert.Equal([WeightKind.Attention, WeightKind.SharedExperts], summary.Rounding.ByKind.Keys); // both dropped layers were the dense one and a mixture
        Assert.InRange(summary.Rounding.Total.RelativeRms, 0.001, 0.1);
    }

    [Fact]
    public void Run_NothingTrained_WritesTheTeachersOwnWeights()
    {
        SmallModel.Write(_folder["teacher"], SmallModel.DeepSeek(5));
        WriteMask(searchSteps: 0);
        Stage(new TrainOptions(), totalSteps: null).Run();

        using var scope = NewDisposeScope();
        using var teacher = HuggingFaceCheckpoint.Open(_folder["teacher"]);
        using Decoder pruned = new(teacher.Config, teacher.Names, teacher, DecoderPart.Without(teacher.Config, s_dropped));
        using var student = HuggingFaceCheckpoint.Open(_folder["student"]);
        using Decoder model = new(student.Config, student.Names, student);
        Assert.Equal(Logits(pruned), Logits(model));
    }

    [Fact]
    public void Run_SearchedButNotRecovered_WritesTheWeightsOfTheSearch()
    {
        SmallModel.Write(_folder["teacher"], SmallModel.Llama(5));
        WriteMask(searchSteps: TotalSteps);
        double[] expected = TrainAndSave(new TrainOptions(), Path.Combine("search", SearchStage.CheckpointFolder));
        Stage(new TrainOptions(), totalSteps: null).Run();

        using var scope = NewDisposeScope();
        using var student = HuggingFaceCheckpoint.Open(_folder["student"]);
        using Decoder model = new(student.Config, student.Names, student);
        Assert.Equal(expected, Logits(model));
    }

    [Fact]
    public void Run_NoMask_NamesTheStageThatIsMissing()
    {
        SmallModel.Write(_folder["teacher"], SmallModel.Llama(5));
        var error = Assert.Throws<StageInputException>(() => Stage(new TrainOptions()).Run());
        Assert.Contains("Run the search stage first", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private ExportStage Stage(TrainOptions train, WeightFormat weights = WeightFormat.Fp32, int? totalSteps = TotalSteps) => new(
        new ExportStageOptions
        {
            TeacherFolder = _folder["teacher"],
            SearchFolder = _folder["search"],
            DistillFolder = _folder["distill"],
            OutputFolder = _folder["student"],
            Train = train,
            TotalSteps = totalSteps,
            SequenceLength = 9,
            Weights = weights,
        },
        OneRank.Environment());

    private void WriteMask(int searchSteps = 1) => JsonFile.Write(Path.Combine(_folder["search"], "mask.json"), new MaskResult
    {
        Layers = 5,
        Kept = [.. Enumerable.Range(0, 5).Except(s_dropped)],
        Dropped = s_dropped,
        Scores = new double[5],
        Gap = 0,
        Method = "e3-pruner",
        Tokens = 0,
        Steps = searchSteps,
    });

    /// <summary>A student after some steps of a made-up training, saved as the recovery saves it.</summary>
    /// <returns>Its logits.</returns>
    private double[] TrainAndSave(TrainOptions train, string? checkpointFolder = null)
    {
        using var scope = NewDisposeScope();
        using Mesh mesh = OneRank.Mesh();
        using var teacher = HuggingFaceCheckpoint.Open(_folder["teacher"]);
        using ShardedModel model = ShardedModel.Load(teacher, mesh, context: 9, dropped: s_dropped, frozen: train.Frozen);
        TrainableParameters.Choose(model.Decoder, train);
        using MeshOptimizer optimizer = new(model.Decoder, mesh, train.Optimizer);
        for (int step = 0; step < TotalSteps; step++)
        {
            var ids_BT = SmallModel.Ids(2, 9, seed: step + 1);
            model.Decoder.Logits(model.Decoder.Forward(model.Decoder.Embed(ids_BT))).logsumexp(-1).sum().backward();
            optimizer.Step(step, 0.02);
        }
        using TrainCheckpoint checkpoints = new(_folder[checkpointFolder ?? Path.Combine("distill", DistillStage.CheckpointFolder)], mesh);
        checkpoints.Save(TotalSteps, optimizer, new JsonObject(), kept: 1);
        checkpoints.Complete();
        return Logits(model.Decoder);
    }

    /// <summary>Type, codes and scales of a weight.</summary>
    private string Stored(string folder, string name)
    {
        using var file = SafetensorsFile.Open(Directory.GetFiles(_folder[folder], "*.safetensors").Single());
        return string.Join(' ', file.Entries.Where(entry => entry.Name == name || entry.Name == name + TensorRoles.ScaleSuffix).Select(entry =>
        {
            byte[] bytes = new byte[entry.ByteCount];
            file.Read(entry, 0, bytes);
            return $"{entry.Type} {Convert.ToHexString(bytes)}";
        }));
    }

    private static double[] Logits(Decoder model) => SmallModel.Values(model.Logits(model.Forward(model.Embed(SmallModel.Ids(2, 9)))));
}
