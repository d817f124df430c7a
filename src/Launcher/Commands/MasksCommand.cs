using System.CommandLine;
using E3Scale.Evaluation.Studies;
using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Studies;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Commands;

/// <summary><c>e3scale masks</c>: ranks the layers that a study's runs chose among all sets of as many, on one rank or as started by mpirun.</summary>
internal sealed class MasksCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The study, a YAML file." };
    private readonly Option<string> _directory = new("--run-dir") { Description = "Folder of its runs; masks.md and masks.json are written there.", Required = true };
    private readonly Option<int> _samples = new("--samples") { Description = "Sets of layers to compare with, at most.", DefaultValueFactory = _ => 1000 };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var masks = new MasksCommand();
        var command = new Command("masks", "Ranks the layers that a study's runs chose among all sets of as many layers, by held-out loss before any recovery.")
        {
            masks._file, masks._directory, masks._samples,
        };
        masks._samples.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--samples: at least 1.");
        });
        command.SetAction(parsed => RankWork.Run(world =>
        {
            string folder = Path.GetFullPath(parsed.GetRequiredValue(masks._directory));
            Study study = StudyLoader.Load(parsed.GetRequiredValue(masks._file), [], []);
            using var mesh = new Mesh(world, new MeshShape(1, 1, world.Size));
            IStageProgress progress = world.Rank == 0 ? SinkProgress.OnStandardError() : new SilentProgress();
            var ranks = new MaskRanking(study, folder, parsed.GetValue(masks._samples)).Run(mesh, progress);
            if (world.Rank != 0)
                return;
            RunJson.WriteText(Path.Combine(folder, "masks.md"), MaskRank.Markdown(ranks));
            JsonFile.Write(Path.Combine(folder, "masks.json"), ranks);
            Console.Write(MaskRank.Markdown(ranks));
        }));
        return command;
    }
}
