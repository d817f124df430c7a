using E3Scale.IntegrationTests.Support;
using E3Scale.TestSupport;

namespace E3Scale.IntegrationTests;

/// <summary>Recipes, text, ranks and results of earlier stages that cannot be used.</summary>
[Collection(SmallModelTests.Name)]
public class BadInputTests(SmallModel model)
{
    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Recipe_UnknownKey_NamesFileAndLine(int ranks)
    {
        string recipe = Path.Combine(model.Root, $"unknown-key-{ranks}.yaml");
        model.Teacher();
        File.WriteAllText(recipe, File.ReadAllText(model.Recipe) + "\nimportence: { sequences: 4 }\n");
        int line = File.ReadAllLines(recipe).Length;

        E3ScaleCommand.Run(
                E3ScaleCommand.RefusalTimeout, ["run", "--recipe", recipe, "--run-dir", model.NewFolder(), .. MeshOf.For(ranks).Arguments()])
            .Expect(2).Says($"{recipe}:{line}", "importence", "importance");
    }

    [SkippableFact]
    public void Run_OtherRankCountThanTheMesh_IsRefused() =>
        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, [.. model.Arguments("run", model.NewFolder(), MeshOf.TwoStages), "--ranks", "3"])
            .Expect(2).Says("--ranks 3", "mesh");

    [SkippableFact]
    public void Run_StartedWithMoreRanksThanTheMesh_EndsAllOfThem()
    {
        string run = model.NewFolder();
        string[] arguments = [.. model.Arguments("run", run, MeshOf.TwoStages), "--launcher", "none"];

        MpiRunResult result = MpiRun.Execute(
            MpiRun.RequireAny(), 3, E3ScaleCommand.Require(), arguments, timeout: E3ScaleCommand.RefusalTimeout);

        Assert.False(result.TimedOut, result.ToString());
        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains("mesh", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(run, "corpus", "done.json")));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Corpus_Empty_IsRefused(int ranks)
    {
        string empty = Path.Combine(model.Root, $"empty-{ranks}.jsonl");
        File.WriteAllText(empty, "");
        string run = model.NewFolder();
        string[] arguments = model.Arguments(
            "capture", run, MeshOf.For(ranks), $"corpus.paths=[{empty}]", "corpus.arithmetic_share=0");

        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, arguments).Expect(2).Says(empty, "Name files");
        Assert.False(File.Exists(Path.Combine(run, "corpus", "train.bin")));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Corpus_Missing_IsRefused(int ranks)
    {
        string missing = Path.Combine(model.Root, "missing.jsonl");
        string[] arguments = model.Arguments("capture", model.NewFolder(), MeshOf.For(ranks), $"corpus.paths=[{missing}]");

        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, arguments).Expect(2).Says(missing);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Corpus_SequencesLongerThanTheModelsContext_AreRefused(int ranks)
    {
        string[] arguments = model.Arguments("capture", model.NewFolder(), MeshOf.For(ranks), "corpus.sequence_length=257");

        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, arguments).Expect(2).Says("corpus.sequence_length: 257", "256 positions");
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Search_CorruptShard_NamesTheShardWhichIsCapturedAgainOnceDeleted(int ranks)
    {
        MeshOf mesh = MeshOf.For(ranks);
        string run = model.RunWith(mesh, "corpus", "store", "importance");
        string shard = Path.Combine(run, "store", "shard-000001.arrow");
        byte[] sound = File.ReadAllBytes(shard);
        byte[] damaged = [.. sound.Select((value, i) => i / 16 == sound.Length / 32 ? (byte)~value : value)];
        File.WriteAllBytes(shard, damaged);
        string[] arguments = model.Arguments("search", run, mesh);

        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, arguments).Expect(2).Says(shard, "Delete the shard", "capture");
        Assert.False(File.Exists(Path.Combine(run, "search", "mask.json")));

        File.Delete(shard);
        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, arguments).Expect(0).Says("capture: goes on with an interrupted attempt");
        Assert.Equal(sound, File.ReadAllBytes(shard));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Distill_MaskCutShort_NamesTheFileAndTheStage(int ranks)
    {
        MeshOf mesh = MeshOf.For(ranks);
        string run = model.RunWith(mesh, "corpus", "store", "importance", "search");
        string mask = Path.Combine(run, "search", "mask.json");
        string text = File.ReadAllText(mask);
        File.WriteAllText(mask, text[..(text.Length / 2)]);

        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, model.Arguments("distill", run, mesh)).Expect(2).Says(mask, "search");
    }

    [SkippableFact]
    public void Run_MarkerCutShort_NamesTheFile()
    {
        string run = model.RunWith(MeshOf.OneRank, "corpus");
        string marker = Path.Combine(run, "corpus", "done.json");
        File.WriteAllText(marker, "{ \"stage\": ");

        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, model.Arguments("run", run, MeshOf.OneRank)).Expect(2).Says(marker);
    }

    [SkippableFact]
    public void Search_DropsMoreLayersThanThereAre_IsRefused() =>
        E3ScaleCommand.Run(
                E3ScaleCommand.RefusalTimeout,
                model.Arguments("search", model.RunWith(MeshOf.OneRank, "corpus", "store", "importance"), MeshOf.OneRank, "search.drop_layers=5"))
            .Expect(2).Says("search.drop_layers", $"{SmallModel.Layers}");
}
