using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.LogitStore;
using E3Scale.Pruner.Capture;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="CaptureStage"/>.</summary>
internal sealed class CaptureStep : IStage
{
    public string Name => "capture";

    public string FolderName => RunFiles.StoreFolder;

    public string Description => "Runs the teacher once and stores each token's largest logits.";

    public IReadOnlyList<string> Needs(Recipe recipe) => ["corpus"];

    public string InputHash(Recipe recipe, RunFolder folder) => new InputHasher(Name, 2)
        .Add("store", recipe.Store).Add("model", recipe.Model).AddFiles(StageOptions.Teacher(recipe)).AddUpstream(folder, RunFiles.CorpusFolder).Finish();

    public long KeptProgress(RunFolder folder)
    {
        string store = folder.In(RunFiles.StoreFolder);
        return Directory.Exists(store) ? Directory.GetFiles(store, "*.arrow").Length : 0;
    }

    public StageResult Run(StageContext context)
    {
        var recipe = context.Recipe;
        long tokens = new CaptureStage(
            new CaptureOptions
            {
                TeacherFolder = StageOptions.Teacher(recipe),
                CorpusFile = context.Folder.In(RunFiles.TrainCorpus),
                StoreFolder = context.Folder.In(RunFiles.StoreFolder),
                TopK = recipe.Store.TopK,
                Encoding = recipe.Store.Encoding,
                SequencesPerShard = recipe.Store.SequencesPerShard,
                SequencesPerBatch = recipe.Store.SequencesPerBatch,
                MicroBatchSequences = recipe.Evaluate.Batch,
                MaxSequences = recipe.Corpus.MaxSequences,
                DType = StageOptions.DType(recipe),
            },
            context.Environment).Run();
        return new StageResult(Outputs(context), tokens);
    }

    // Every shard too: one that was damaged and deleted is then captured again.
    private static IReadOnlyList<string> Outputs(StageContext context) => context.Environment.IsRoot
        ? [RunFiles.StoreFolder + "/" + StoreManifest.FileName, .. StoreManifest.Load(context.Folder.In(RunFiles.StoreFolder)).Shards
            .Select(shard => RunFiles.StoreFolder + "/" + shard.Name)]
        : [];
}
