using System.Text.Json;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Methods.ShearedLlama;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Tests.Selection;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Methods.ShearedLlama;

public sealed class ShearedLlamaStageTests
{
    private const int Steps = 12;

    [SkippableFact]
    public void Run_ModelWithInsertedLayers_DropsExactlyThose()
    {
        string teacher = SharedData.Require("data", "models", "stories260K-id10");
        using var layers = JsonDocument.Parse(File.ReadAllText(Path.Combine(teacher, "layers.json")));
        int[] inserted = [.. layers.RootElement.GetProperty("inserted").EnumerateArray().Select(layer => layer.GetInt32())];
        using TestFolder output = new();
        TokenCorpus.Write(output["corpus.bin"], StoryTokens.Of(teacher, sequences: 64, positions: 64));
        var result = new ShearedLlamaStage(Options(output, teacher, 10 - inserted.Length, steps: 60) with { ProtectsEnds = false }, OneRank.Environment()).Run();

        Assert.Equal(inserted, result.Dropped);
        Assert.Equal(("sheared-llama", 60, 60L * 8 * 64), (result.Method, result.Steps, result.Tokens));
    }

    [Fact]
    public void Run_StoppedAndContinued_GivesTheSameBits()
    {
        using TestFolder straight = new(), stopped = new();
        var expected = Stage(straight).Run();
        StopRequest stop = new();
        Assert.Throws<StopRequestedException>(() => Stage(stopped, stop, stopAfter: 5).Run());
        Assert.False(File.Exists(stopped["search/mask.json"]));
        var actual = Stage(stopped).Run();

        Assert.Equal(expected.Scores, actual.Scores);
        Assert.Equal(expected.Kept, actual.Kept);
        Assert.Equal(Weights(straight, expected), Weights(stopped, actual));
    }

    [Fact]
    public void Run_Recovery_GoesOnFromTheStudentWithItsGatesInTheWeights()
    {
        using TestFolder folder = new();
        var mask = Stage(folder).Run();
        var options = Options(folder, folder["model"], 3, Steps);
        var result = new DistillStage(
            new DistillOptions
            {
                TeacherFolder = options.TeacherFolder, CorpusFile = options.CorpusFile, StoreFolder = "", SearchFolder = options.OutputFolder,
                OutputFolder = folder["distill"], Train = options.Train, TotalSteps = Steps + 3, Objective = options.Objective,
            },
            OneRank.Environment()).Run();

        Assert.Equal(3L * 8 * 16, result.Tokens);
        Assert.Equal(Steps, mask.Steps);
    }

    private static ShearedLlamaStage Stage(TestFolder folder, StopRequest? stop = null, int stopAfter = int.MaxValue)
    {
        if (!Directory.Exists(folder["model"]))
        {
            SmallModel.Write(folder["model"], SmallModel.DeepSeek(layers: 5));
            TokenCorpus.Write(folder["corpus.bin"], sequences: 40, positions: 16, SmallModel.Vocabulary);
        }
        var environment = OneRank.Environment();
        return new ShearedLlamaStage(
            Options(folder, folder["model"], keep: 3, Steps),
            stop is null ? environment : environment with { Stop = stop, Progress = new StoppingProgress(stop, stopAfter) });
    }

    private static ShearedLlamaOptions Options(TestFolder folder, string teacher, int keep, int steps) => new()
    {
        TeacherFolder = teacher,
        CorpusFile = folder["corpus.bin"],
        StoreFolder = "",
        OutputFolder = folder["search"],
        Steps = steps,
        KeepLayers = keep,
        Objective = new ObjectiveOptions { Kind = ObjectiveKind.CrossEntropy },
        Train = new TrainOptions
        {
            BatchSequences = 8, MicroBatchSequences = 2, CheckpointEverySteps = 4, LearningRate = new CosineSchedule { Peak = 1e-3, WarmupSteps = 2, TotalSteps = steps + 3 },
        },
        DrawsPerStep = 4,
    };

    /// <summary>Weights of the search's last checkpoint.</summary>
    private static float[] Weights(TestFolder folder, MaskResult mask)
    {
        using var mesh = OneRank.Mesh();
        using var checkpoint = HuggingFaceCheckpoint.Open(folder["model"]);
        using var model = ShardedModel.Load(checkpoint, mesh, context: 16);
        model.Decoder.TrainEverything();
        using var optimizer = new MeshOptimizer(model.Decoder, mesh, new OptimizerOptions());
        using var checkpoints = new TrainCheckpoint(folder["search/checkpoints"], mesh);
        checkpoints.Load(mask.Steps, optimizer);
        using var scope = NewDisposeScope();
        return [.. model.Decoder.Parameters.All.SelectMany(parameter => parameter.Value.detach().to_type(ScalarType.Float32).data<float>().ToArray())];
    }

    /// <summary>Asks for the end once so many steps are done.</summary>
    private sealed class StoppingProgress(StopRequest stop, int stopAfter) : IStageProgress
    {
        public void Begin(string task, long total, string unit, long done = 0)
        {
        }

        public void Report(long done, string? note = null)
        {
            if (done >= stopAfter)
                stop.Ask();
        }

        public void End()
        {
        }
    }
}
