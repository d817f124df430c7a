using System.Text.Json;
using E3Scale.IntegrationTests.Support;
using E3Scale.TestSupport;

namespace E3Scale.IntegrationTests;

/// <summary>Whole runs of a small model.</summary>
[Collection(SmallModelTests.Name)]
public class PipelineTests(SmallModel model)
{
    private static readonly string[] StageFolders = ["corpus", "store", "importance", "search", "distill", "export", "eval", "report"];

    private static readonly string[] ResultFiles =
    [
        "recipe.yaml", "corpus/train.bin", "corpus/heldout.bin", "store/manifest.json", "store/shard-000000.arrow", "importance/importance.json",
        "search/mask.json", "search/metrics.jsonl", "search/trajectory.jsonl", "distill/metrics.jsonl", "student/config.json",
        "student/model.safetensors.index.json", "student/tokenizer.json", "student/pruning.json", "eval/summary.json", "report.html",
    ];

    [SkippableTheory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(1, 2, 2)]
    public void Run_AnyMesh_LeavesAllResultsAndNothingHalfDone(int pipeline, int expert, int data)
    {
        string run = model.FinishedRun(new MeshOf(pipeline, expert, data));

        Assert.All(ResultFiles, file => Assert.True(File.Exists(Path.Combine(run, file)), $"{run}/{file} is missing"));
        Assert.All(StageFolders, stage => Assert.True(File.Exists(Path.Combine(run, stage, "done.json")), $"{stage} is not marked as done"));
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(run, "*", SearchOption.AllDirectories),
            path => path.EndsWith(".tmp", StringComparison.Ordinal) || path.EndsWith(".partial", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(1, 2, 2)]
    public void Run_AnyMesh_SummarisesAllModels(int pipeline, int expert, int data)
    {
        JsonElement summary = Summary(new MeshOf(pipeline, expert, data));

        foreach (string name in new[] { "teacher", "pruned", "student" })
        {
            JsonElement scores = summary.GetProperty(name);
            Assert.Equal(name == "teacher" ? SmallModel.Layers : SmallModel.Layers - 2, scores.GetProperty("layers").GetInt32());
            Assert.True(scores.GetProperty("parameters").GetInt64() > 0);
            Assert.InRange(scores.GetProperty("heldout_loss").GetDouble(), 0.1, 10);
            Assert.InRange(scores.GetProperty("token_accuracy").GetDouble(), 0, 1);
            Assert.InRange(scores.GetProperty("exact_match").GetDouble(), 0, 1);
            Assert.True(scores.GetProperty("tokens_per_second").GetDouble() > 0);
            JsonElement chains = scores.GetProperty("chains");
            Assert.Equal([2, 3, 4], chains.GetProperty("lengths").EnumerateArray().Select(length => length.GetProperty("steps").GetInt32()));
            Assert.Equal([1, 2], chains.GetProperty("tries").EnumerateArray().Select(tries => tries.GetProperty("k").GetInt32()));
            JsonElement task = Assert.Single(scores.GetProperty("tasks").EnumerateArray());
            Assert.Equal(("piqa", 3), (task.GetProperty("task").GetString(), task.GetProperty("n").GetInt32()));
            Assert.InRange(task.GetProperty("acc").GetDouble(), 0, 1);
        }
        Assert.InRange(summary.GetProperty("student").GetProperty("agreement_top1").GetDouble(), 0, 1);
        Assert.Equal("piqa", Assert.Single(summary.GetProperty("student").GetProperty("tasks_against_teacher").EnumerateArray()).GetProperty("task").GetString());
        Assert.True(summary.GetProperty("student").GetProperty("kl_to_teacher").GetDouble() >= 0);
        Assert.Equal(2, summary.GetProperty("dropped_layers").GetArrayLength());
        JsonElement store = summary.GetProperty("store");
        Assert.Equal(
            (double)store.GetProperty("bytes").GetInt64() / store.GetProperty("tokens").GetInt64(), store.GetProperty("bytes_per_token").GetDouble(), 1e-9);
        foreach (string stage in new[] { "capture", "importance", "search", "distill", "export" })
        {
            Assert.True(summary.GetProperty("cost").GetProperty(stage).GetProperty("tokens").GetInt64() >= 0);
            Assert.True(summary.GetProperty("cost").GetProperty(stage).GetProperty("seconds").GetDouble() > 0);
        }
    }

    [SkippableTheory]
    [InlineData(2, 1, 1)]
    [InlineData(1, 2, 2)]
    public void Run_TwoRanks_EndsAsOneRankDoes(int pipeline, int expert, int data)
    {
        JsonElement alone = Summary(MeshOf.OneRank), shared = Summary(new MeshOf(pipeline, expert, data));

        Assert.Equal(alone.GetProperty("dropped_layers").ToString(), shared.GetProperty("dropped_layers").ToString());
        // Sums of other orders, over all steps; the losses of one step agree to 1e-6.
        Assert.Equal(HeldOutLoss(alone), HeldOutLoss(shared), 1e-4);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_Again_ChangesNothing(int ranks)
    {
        MeshOf mesh = MeshOf.For(ranks);
        string run = model.FinishedRun(mesh);
        var before = Folders.Hashes(run);

        CommandResult result = E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("run", run, mesh)).Expect(0).Says("nothing to do");

        Assert.DoesNotContain("starts", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Folders.Hashes(run));
    }

    [SkippableFact]
    public void Run_OtherLoss_RedoesSearchAndWhatFollows()
    {
        string run = model.NewFolder();
        Folders.Copy(model.FinishedRun(MeshOf.OneRank), run);
        string[] arguments = model.Arguments("run", run, MeshOf.OneRank, "kd.weight=none");

        CommandResult result = E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, arguments).Expect(0);

        foreach (string stage in new[] { "corpus", "capture", "importance" })
            result.Says($"{stage}: done before");
        foreach (string stage in new[] { "search", "distill", "export", "evaluate", "report" })
            result.Says($"{stage}: starts");
        Assert.Contains("weight: none", File.ReadAllText(Path.Combine(run, "recipe.yaml")), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("none")]
    [InlineData("sft")]
    public void Run_RecoveryWithoutTheTeacher_NeedsNoStoreAndReports(string recovery)
    {
        string run = model.NewFolder();
        string[] changes = ["search.method=shortgpt", $"recovery={recovery}"];

        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("run", run, MeshOf.OneRank, changes)).Expect(0);

        Assert.False(Directory.Exists(Path.Combine(run, "store")));
        Assert.True(File.Exists(Path.Combine(run, "report.html")));
        using JsonDocument summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "eval", "summary.json")));
        Assert.Equal(JsonValueKind.Null, summary.RootElement.GetProperty("store").ValueKind);
        Assert.False(summary.RootElement.GetProperty("cost").TryGetProperty("capture", out _));
        double pruned = summary.RootElement.GetProperty("pruned").GetProperty("heldout_loss").GetDouble();
        double student = HeldOutLoss(summary.RootElement);
        if (recovery == "none")
            Assert.Equal(pruned, student); // the same weights in the same layers
        else
            Assert.NotEqual(pruned, student);
    }

    [SkippableFact]
    public void Run_PruneAndComp_MeasuresTheSameOnAnyMesh()
    {
        double[][] scales = [.. new[] { MeshOf.OneRank, MeshOf.TwoStages, new MeshOf(1, 2, 2) }.Select(mesh =>
        {
            string run = model.NewFolder();
            string[] changes = ["search.method=uniform-stride", "recovery=none", "compensation=prune-and-comp"];
            E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("export", run, mesh, changes)).Expect(0);
            using JsonDocument result = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "compensation", "compensation.json")));
            return result.RootElement.GetProperty("scales").EnumerateArray().Select(scale => scale.GetDouble()).ToArray();
        })];

        Assert.Equal(2, scales[0].Length);
        Assert.All(scales, others => Assert.All(scales[0].Zip(others), pair => Assert.Equal(pair.First, pair.Second, 1e-5)));
    }

    [SkippableFact]
    public void Run_LinearPatchTrained_EndsAlikeOnOneAndTwoRanks()
    {
        double[] losses = [.. new[] { MeshOf.OneRank, MeshOf.TwoStages }.Select(mesh =>
        {
            string run = model.NewFolder();
            string[] changes = ["search.method=uniform-stride", "recovery=sft", "compensation=linear-patch", "export.patch=side-file"];
            E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("evaluate", run, mesh, changes)).Expect(0);
            Assert.True(File.Exists(Path.Combine(run, "student", "patch.safetensors")));
            using JsonDocument summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "eval", "summary.json")));
            return HeldOutLoss(summary.RootElement);
        })];

        Assert.Equal(losses[0], losses[1], 1e-4);
    }

    // Of three layers that go, each pair lies on one stage or on two; the recovery begins with the merged weights.
    [SkippableFact]
    public void Run_ComeOfADenseModel_MergesAndEndsAlikeOnAnyMesh()
    {
        string teacher = Path.Combine(SharedData.RepositoryRoot, "models", "tiny-llama");
        var runs = new[] { MeshOf.OneRank, MeshOf.TwoStages, new MeshOf(1, 1, 2) }.Select(mesh =>
        {
            string run = model.NewFolder();
            string[] changes =
            [
                $"model.teacher={teacher}", "search.method=come", "search.drop_layers=3", "compensation=concatenate", "recovery=sft", "train.steps=4",
            ];
            E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("export", run, mesh, changes)).Expect(0);
            using JsonDocument mask = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "search", "mask.json")));
            using JsonDocument compensation = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "compensation", "compensation.json")));
            using JsonDocument lastStep = JsonDocument.Parse(File.ReadLines(Path.Combine(run, "distill", "metrics.jsonl")).Last());
            using JsonDocument student = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "student", "config.json")));
            Assert.Equal(9, student.RootElement.GetProperty("num_hidden_layers").GetInt32());
            Assert.Equal(Merges(mask.RootElement), Merges(compensation.RootElement));
            return (Merges: Merges(mask.RootElement), Loss: lastStep.RootElement.GetProperty("loss").GetDouble());
        }).ToList();

        Assert.Equal(3, runs[0].Merges.Length);
        Assert.All(runs, run => Assert.Equal(runs[0].Merges, run.Merges));
        Assert.All(runs, run => Assert.Equal(runs[0].Loss, run.Loss, 1e-3)); // channels of equal sensitivity but for rounding may change places

        static (int Layer, int Into, double Share)[] Merges(JsonElement result) => [.. result.GetProperty("merges").EnumerateArray().Select(merge => (
            merge.GetProperty("layer").GetInt32(), merge.GetProperty("into").GetInt32(), Math.Round(merge.GetProperty("share").GetDouble(), 4)))];
    }

    [SkippableFact]
    public void Distill_ChoicesOtherThanThePapers_DropTheShareOfParameters()
    {
        string run = model.RunWith(MeshOf.OneRank, "corpus", "store", "importance");
        string[] changes =
        [
            "search.budget=parameters", "search.drop_layers=null", "search.drop_share=0.3", "search.annealing=cosine", "search.noise=false",
            "search.scores.importance=bi", "kd.entropy_of=student", "kd.form=ghost",
        ];

        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("distill", run, MeshOf.OneRank, changes)).Expect(0);

        using JsonDocument mask = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "search", "mask.json")));
        // The ends stay; behind the dense first layer all are of one size, a bit more than a sixth each, so two have the share and one has not.
        Assert.Equal(2, mask.RootElement.GetProperty("dropped").GetArrayLength());
        Assert.All(File.ReadLines(Path.Combine(run, "distill", "metrics.jsonl")), line =>
        {
            using JsonDocument step = JsonDocument.Parse(line);
            Assert.InRange(step.RootElement.GetProperty("loss").GetDouble(), 1e-9, 100);
        });
    }

    [SkippableFact]
    public void Run_Branches_TwoStagesEndAsOneRankDoes()
    {
        var runs = new[] { MeshOf.OneRank, MeshOf.TwoStages }.Select(mesh =>
        {
            string run = model.RunWith(mesh, "corpus", "store");
            E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("run", run, mesh, "search.units=branches", "train.adapter=lora", "mesh.layer_costs=measured")).Expect(0);
            Assert.True(File.Exists(Path.Combine(run, "report.html")));
            return run;
        }).ToArray();

        using JsonDocument alone = Read(runs[0], "search", "mask.json"), shared = Read(runs[1], "search", "mask.json");
        foreach (string field in new[] { "units", "kept", "dropped", "dropped_branches" })
            Assert.Equal(alone.RootElement.GetProperty(field).ToString(), shared.RootElement.GetProperty(field).ToString());
        JsonElement halves = alone.RootElement.GetProperty("dropped_branches");
        int branches = halves.GetProperty("attention").GetArrayLength() + halves.GetProperty("mlp").GetArrayLength();
        Assert.Equal(4, 2 * alone.RootElement.GetProperty("dropped").GetArrayLength() + branches);
        using JsonDocument summary = Read(runs[0], "eval", "summary.json"), other = Read(runs[1], "eval", "summary.json");
        Assert.Equal(HeldOutLoss(summary.RootElement), HeldOutLoss(other.RootElement), 1e-4);
        Assert.Equal(
            summary.RootElement.GetProperty("pruned").GetProperty("parameters").GetInt64(),
            summary.RootElement.GetProperty("student").GetProperty("parameters").GetInt64());
        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, "inspect", Path.Combine(runs[0], "student")).Expect(0);

        static JsonDocument Read(params string[] parts) => JsonDocument.Parse(File.ReadAllText(Path.Combine(parts)));
    }

    [SkippableTheory]
    [InlineData(2, 1, 1)]
    [InlineData(1, 2, 2)]
    public void Search_ShareOfTime_IsThatOfTheMeasuredTimes(int pipeline, int expert, int data)
    {
        var mesh = new MeshOf(pipeline, expert, data);
        string run = model.RunWith(mesh, "corpus", "store");
        string[] changes = ["search.budget=latency", "search.drop_layers=null", "search.drop_share=0.3"];
        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("search", run, mesh, changes)).Expect(0);

        using JsonDocument importance = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "importance", "importance.json")));
        using JsonDocument mask = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "search", "mask.json")));
        double[] seconds = [.. importance.RootElement.GetProperty("seconds").EnumerateArray().Select(time => time.GetDouble())];
        Assert.Equal(SmallModel.Layers, seconds.Length);
        Assert.All(seconds, time => Assert.InRange(time, 1e-7, 60));
        Assert.True(mask.RootElement.GetProperty("dropped").EnumerateArray().Sum(layer => seconds[layer.GetInt32()]) >= 0.3 * seconds.Sum() - 1e-8);
    }

    [SkippableFact]
    public void Run_ImportanceDeleted_MeasuresItAgainAndKeepsTheRest()
    {
        string run = model.NewFolder();
        Folders.Copy(model.FinishedRun(MeshOf.OneRank), run);
        string importance = Path.Combine(run, "importance", "importance.json");
        byte[] before = File.ReadAllBytes(importance);
        File.Delete(importance);

        CommandResult result = E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("run", run, MeshOf.OneRank)).Expect(0);

        result.Says("importance: starts", "search: done before");
        Assert.Equal(before, File.ReadAllBytes(importance));
    }

    [SkippableFact]
    public void Distill_MeasuredCosts_BalancesTheStagesByThem()
    {
        string run = model.RunWith(MeshOf.TwoStages, "corpus", "store", "importance");

        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("distill", run, MeshOf.TwoStages, "mesh.layer_costs=measured")).Expect(0);

        using JsonDocument costs = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "search", "layer-costs.json")));
        double[] seconds = [.. costs.RootElement.GetProperty("layers").EnumerateArray().Select(layer => layer.GetDouble())];
        Assert.Equal(SmallModel.Layers, seconds.Length);
        Assert.All(seconds, cost => Assert.InRange(cost, 1e-6, 60));
        Assert.True(File.Exists(Path.Combine(run, "distill", "done.json")));
    }

    private JsonElement Summary(MeshOf mesh)
    {
        string path = Path.Combine(model.FinishedRun(mesh), "eval", "summary.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return document.RootElement.Clone();
    }

    private static double HeldOutLoss(JsonElement summary) => summary.GetProperty("student").GetProperty("heldout_loss").GetDouble();
}
