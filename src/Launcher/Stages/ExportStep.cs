using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Export;
using Microsoft.Extensions.Logging;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="ExportStage"/>.</summary>
internal sealed class ExportStep : IStage
{
    public string Name => "export";

    public string FolderName => RunFiles.ExportFolder;

    public string Description => "Writes the student as a Hugging Face folder.";

    public IReadOnlyList<string> Needs(Recipe recipe) => ["distill"];

    public string InputHash(Recipe recipe, RunFolder folder) => new InputHasher(Name, 2)
        .Add("export", recipe.Export).AddUpstream(folder, RunFiles.DistillFolder).Finish();

    public StageResult Run(StageContext context)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        ExportSummary summary = new ExportStage(
            new ExportStageOptions
            {
                TeacherFolder = StageOptions.Teacher(recipe),
                SearchFolder = folder.In(RunFiles.SearchFolder),
                DistillFolder = folder.In(RunFiles.DistillFolder),
                CompensationFolder = StageOptions.CompensationFolder(recipe, folder),
                OutputFolder = folder.In(RunFiles.StudentFolder),
                Train = StageOptions.Train(recipe),
                TotalSteps = recipe.Recovery == RecoveryMethod.None ? null : recipe.Train.Steps,
                SequenceLength = recipe.Corpus.SequenceLength,
                Weights = recipe.Export.Weights ?? (recipe.Model.Dtype == ComputeType.Bf16 ? WeightFormat.Bf16 : WeightFormat.Fp32),
                MaxShardBytes = ByteSize.Parse(recipe.Export.MaxShardSize)!.Value,
                Patches = recipe.Export.Patch,
                KeepsPrediction = recipe.Export.KeepMtp,
            },
            context.Environment).Run();
        if (context.Environment.IsRoot)
            foreach (string line in summary.Lines)
                context.Logger.LogInformation("{Stage}: {Line}", Name, line);
        return new StageResult([RunFiles.StudentFolder + "/config.json"], 0);
    }
}
