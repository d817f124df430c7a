using System.Text.Json.Nodes;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Export;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Search;

/// <summary>
/// Pruning by branches, from importance to the exported student: a teacher in which the attention of layer 1, the MLP of layer 2 and both branches of
/// layer 3 add next to nothing must lose exactly these.
/// </summary>
public sealed class BranchSearchTests : IDisposable
{
    private const int Layers = 6, SearchSteps = 6, TotalSteps = 9, Positions = 9;
    private static readonly int[] s_idle = [2, 5, 6, 7];

    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void Run_IdleBranches_GoAndTheStudentIsTheSameForEveryLoader(bool mixtureOfExperts, bool withAdapters)
    {
        WriteTeacher(mixtureOfExperts);
        TrainOptions train = Train(withAdapters);
        ImportanceResult importance = Importance(PruningUnits.Branches);
        Assert.Equal((PruningUnits.Branches, 2 * Layers, 2 * Layers), (importance.Units, importance.Kl.Length, importance.BlockInfluence!.Length));
        Assert.Equal(s_idle, Enumerable.Range(0, 2 * Layers).OrderBy(unit => importance.Kl[unit]).Take(4).Order());

        MaskResult mask = new SearchStage(Search(train), OneRank.Environment()).Run();
        Assert.Null(mask.Refinement);
        Assert.Equal([3], mask.Dropped);
        Assert.Equal([0, 1, 2, 4, 5], mask.Kept);
        Assert.Equal([1], mask.DroppedBranches.Attention);
        Assert.Equal([2], mask.DroppedBranches.Mlp);
        Assert.Equal(2 * Layers, mask.Scores.Length);
        Assert.True(mask.Gap > 0);
        Assert.Equal(mask.Scores, JsonFile.Read<MaskResult>(Path.Combine(_folder["search"], "mask.json"), "search").Scores);

        Distill(train).Run();
        Export(train).Run();
        double[] trained = TrainedLogits(train, mask), student = StudentLogits(out int held);
        double tolerance = withAdapters ? 5e-4 : 0; // merging adds in another order; full weights are the same bits
        Assert.All(trained.Zip(student), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, tolerance));
        ForgetBranches();
        Assert.Equal(student, StudentLogits(out int all));
        Assert.True(held < all);
    }

    [Theory]
    [InlineData(RefinementTime.Start)]
    [InlineData(RefinementTime.End)]
    public void Run_Killed_GoesOnWithTheSameBits(RefinementTime refined)
    {
        WriteTeacher(mixtureOfExperts: true);
        Importance(PruningUnits.Branches);
        SearchOptions options = Search(Train(withAdapters: false) with { CheckpointEverySteps = 2 }) with
        {
            Refinement = new MaskRefinementOptions { At = refined, Draws = 4, Exchanges = 2 },
        };
        MaskResult straight = new SearchStage(options, OneRank.Environment()).Run();
        Assert.NotNull(straight.Refinement);
        Assert.True(straight.Refinement.Loss <= straight.Refinement.LossByScores);
        File.Delete(Path.Combine(_folder["search"], "mask.json"));
        MaskResult afterTheEnd = new SearchStage(options, OneRank.Environment()).Run();
        Directory.Delete(Directory.GetDirectories(Path.Combine(_folder["search"], SearchStage.CheckpointFolder)).Max()!, recursive: true);
        MaskResult fromTheMiddle = new SearchStage(options, OneRank.Environment()).Run();

        Assert.All([afterTheEnd, fromTheMiddle], resumed =>
        {
            Assert.Equal(straight.Scores, resumed.Scores);
            Assert.Equal(straight.Kept, resumed.Kept);
            Assert.Equal(straight.Refinement, resumed.Refinement);
            Assert.Equal(straight.ForwardTokens, resumed.ForwardTokens);
        });
    }

    [Theory]
    [InlineData(PruningUnits.Layers)]
    [InlineData(PruningUnits.Branches)]
    public void Run_ShareOfTime_DropsAtLeastThatMuchOfTheMeasuredTimes(PruningUnits units)
    {
        WriteTeacher(mixtureOfExperts: true);
        ImportanceResult measured = Importance(units, measuresTimes: true);
        Assert.Equal(Layers * units.PerLayer(), measured.Seconds!.Length);
        Assert.All(measured.Seconds, time => Assert.InRange(time, double.Epsilon, 60));

        // Unit u takes u + 1 ms; of these a fifth has to go.
        double[] times = [.. measured.Seconds.Select((_, unit) => 1e-3 * (unit + 1))];
        JsonFile.Write(_folder["importance.json"], measured with { Seconds = times });
        SearchOptions options = Search(Train(withAdapters: false)) with
        {
            Units = units, KeepLayers = null, DropShare = 0.2, Budget = PruningBudget.Latency,
        };
        MaskResult mask = new SearchStage(options, OneRank.Environment()).Run();
        var left = Enumerable.Range(0, times.Length).Where(unit => mask.Kept.Contains(units.LayerOf(unit))
            && (mask.DroppedBranches.LeftOf(units.LayerOf(unit)) & units.BranchesOf(unit)) != 0).ToList();
        double dropped = times.Sum() - left.Sum(unit => times[unit]);
        Assert.True(dropped >= 0.2 * times.Sum() - 1e-9);
        // Nothing goes that need not.
        Assert.All(Enumerable.Range(0, times.Length).Except(left), unit => Assert.True(dropped - times[unit] < 0.2 * times.Sum() + 1e-9));
    }

    [Fact]
    public void Run_NoTimes_AsksForTheImportanceStage()
    {
        WriteTeacher(mixtureOfExperts: false);
        Importance(PruningUnits.Layers);
        SearchOptions options = Search(Train(withAdapters: false)) with
        {
            Units = PruningUnits.Layers, KeepLayers = null, DropShare = 0.2, Budget = PruningBudget.Latency,
        };

        var error = Assert.Throws<StageInputException>(() => new SearchStage(options, OneRank.Environment()).Run());
        Assert.Contains("field seconds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ImportanceOfOtherUnits_IsRefused()
    {
        WriteTeacher(mixtureOfExperts: false);
        Importance(PruningUnits.Layers);

        var error = Assert.Throws<StageInputException>(() => new SearchStage(Search(Train(withAdapters: false)), OneRank.Environment()).Run());
        Assert.Contains("6 layers of 6 layers, but", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"version": 3, "dropped_branches": {}}""", "newer E3Scale")]
    [InlineData("""{"version": 2, "dropped_branches": {"attention": [3]}}""", "layer 3")]
    [InlineData("""{"version": 2, "dropped_branches": {"attention": [1], "mlp": [1]}}""", "layer 1")]
    public void ReadMask_WhatCannotBe_IsRefused(string change, string expected)
    {
        JsonObject mask = JsonNode.Parse("""{"layers": 4, "kept": [0, 1, 2], "dropped": [3], "scores": [], "gap": 0, "method": "", "tokens": 0, "steps": 0}""")!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            mask[name] = value!.DeepClone();
        File.WriteAllText(_folder["mask.json"], mask.ToJsonString());

        var error = Assert.Throws<StageInputException>(() => JsonFile.Read<MaskResult>(_folder["mask.json"], "search"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void WriteTeacher(bool mixtureOfExperts)
    {
        using var scope = NewDisposeScope();
        JsonObject config = mixtureOfExperts ? SmallModel.DeepSeek(Layers) : SmallModel.Llama(Layers);
        SmallModel.Write(_folder["teacher"], config);
        var (parsed, names) = SmallModel.Parse(config);
        using Decoder model = SmallModel.Create(config);
        HashSet<string> idle =
        [
            .. Enumerable.Range(0, Layers).SelectMany(layer => DecoderWeights.OfLayer(parsed, layer))
                .Where(weight => weight.Role!.Value.EndsBranch(parsed.SandwichNorm)
                    && s_idle.Contains(2 * weight.Layer + (weight.Role!.Value.BranchOf() == LayerBranches.Mlp ? 1 : 0)))
                .Select(weight => weight.NameIn(names)),
        ];
        SafetensorsWriter.Save(
            Path.Combine(_folder["teacher"], "model.safetensors"),
            model.Parameters.All.ToDictionary(p => p.Name, p => idle.Contains(p.Name) ? p.Value * 1e-3f : p.Value, StringComparer.Ordinal));
        TokenCorpus.Write(_folder["corpus.bin"], sequences: 16, Positions, SmallModel.Vocabulary);
    }

    private ImportanceResult Importance(PruningUnits units, bool measuresTimes = false) => new ImportanceStage(
        new ImportanceOptions
        {
            TeacherFolder = _folder["teacher"], CorpusFile = _folder["corpus.bin"], OutputFile = _folder["importance.json"],
            Sequences = 6, MicroBatchSequences = 2, Units = units, MeasuresTimes = measuresTimes,
        },
        OneRank.Environment()).Run();

    private static TrainOptions Train(bool withAdapters) => new()
    {
        BatchSequences = 4,
        MicroBatchSequences = 2,
        LearningRate = new CosineSchedule { Peak = 1e-3, WarmupSteps = 1, TotalSteps = TotalSteps },
        Lora = withAdapters ? new LoraOptions { Rank = 2, Alpha = 4 } : null,
    };

    private SearchOptions Search(TrainOptions train) => new()
    {
        TeacherFolder = _folder["teacher"], CorpusFile = _folder["corpus.bin"], StoreFolder = "", ImportanceFile = _folder["importance.json"],
        OutputFolder = _folder["search"], Train = train, Steps = SearchSteps, KeepLayers = Layers - 2, Units = PruningUnits.Branches,
        Objective = new ObjectiveOptions { Kind = ObjectiveKind.CrossEntropy },
    };

    private DistillStage Distill(TrainOptions train) => new(
        new DistillOptions
        {
            TeacherFolder = _folder["teacher"], CorpusFile = _folder["corpus.bin"], StoreFolder = "", SearchFolder = _folder["search"],
            OutputFolder = _folder["distill"], Train = train, TotalSteps = TotalSteps, Objective = new ObjectiveOptions { Kind = ObjectiveKind.CrossEntropy },
        },
        OneRank.Environment());

    private ExportStage Export(TrainOptions train) => new(
        new ExportStageOptions
        {
            TeacherFolder = _folder["teacher"], SearchFolder = _folder["search"], DistillFolder = _folder["distill"], OutputFolder = _folder["student"],
            Train = train, TotalSteps = TotalSteps, SequenceLength = Positions,
        },
        OneRank.Environment());

    /// <summary>Of the recovered model as it was in memory.</summary>
    private double[] TrainedLogits(TrainOptions train, MaskResult mask)
    {
        using var scope = NewDisposeScope();
        using Mesh mesh = OneRank.Mesh();
        using var teacher = HuggingFaceCheckpoint.Open(_folder["teacher"]);
        using ShardedModel model = ShardedModel.Load(teacher, mesh, Positions, dropped: mask.Dropped, branches: mask.DroppedBranches);
        TrainableParameters.Choose(model.Decoder, train);
        using MeshOptimizer optimizer = new(model.Decoder, mesh, train.Optimizer);
        using TrainCheckpoint checkpoints = new(Path.Combine(_folder["distill"], DistillStage.CheckpointFolder), mesh);
        checkpoints.Load(TotalSteps, optimizer);
        return Logits(model.Decoder);
    }

    private double[] StudentLogits(out int parameters)
    {
        using var scope = NewDisposeScope();
        using var student = HuggingFaceCheckpoint.Open(_folder["student"]);
        using Decoder model = new(student.Config, student.Names, student);
        parameters = model.Parameters.All.Count;
        return Logits(model);
    }

    /// <summary>Makes the student's folder what a loader sees that knows nothing of branches.</summary>
    private void ForgetBranches()
    {
        string path = Path.Combine(_folder["student"], "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.True(config.Remove(DroppedBranches.ConfigField));
        File.WriteAllText(path, config.ToJsonString());
    }

    private static double[] Logits(Decoder model) => SmallModel.Values(model.Logits(model.Forward(model.Embed(SmallModel.Ids(2, Positions)))));
}
