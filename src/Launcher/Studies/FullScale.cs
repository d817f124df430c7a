using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;

namespace E3Scale.Launcher.Studies;

/// <summary>Writes a study for the paper's models: a recipe for every run, and a script that submits them all to Slurm.</summary>
/// <param name="study">The study.</param>
/// <param name="folder">Folder to write to.</param>
internal sealed class FullScale(Study study, string folder)
{
    private const string ScriptName = "submit.sh";

    /// <summary>Writes recipes and script.</summary>
    /// <returns>Path of the script.</returns>
    /// <exception cref="RecipeException">No column names a recipe for the real model, or one of these recipes cannot be used.</exception>
    public string Write()
    {
        StudyCell[] cells = [.. study.Cells.Where(cell => cell.Column.FullScale is not null)];
        if (cells.Length == 0)
            throw new RecipeException("no column of the study has full_scale, the recipe of a real model. Add it, or leave out --scale full.");
        List<string> lines =
        [
            "#!/usr/bin/env bash",
            $"# {study.Title}: {cells.Length} runs with real models. Run it where e3scale is on the PATH; options for sbatch may follow.",
            "# A run that is done, or under way, is not started twice: e3scale takes a lock on the run folder and skips finished stages.",
            "set -euo pipefail",
            "cd \"$(dirname \"${BASH_SOURCE[0]}\")\"",
        ];
        foreach (StudyCell cell in cells)
        {
            string name = cell.FullScaleSlug;
            // What columns and the study as a whole change is for the small model; the arm is what is compared.
            Recipe recipe = RecipeLoader.Load(cell.Column.FullScale!, [.. cell.Arm.Set, $"seed={cell.Seed}", $"name={name}"]);
            RunJson.WriteText(Path.Combine(folder, $"{name}.yaml"), RecipeWriter.ToYaml(recipe));
            lines.Add($"e3scale run --launcher slurm --submit-only --recipe {name}.yaml --run-dir runs/{name} \"$@\"");
        }
        string script = Path.Combine(folder, ScriptName);
        RunJson.WriteText(script, string.Join('\n', lines) + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, File.GetUnixFileMode(script) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
        return script;
    }
}
