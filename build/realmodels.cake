// Trained models of the reference data beside the checkout: checked against their reference values, and put through the whole pipeline.

Task("RealModels")
    .Description("Checks the trained models in ../shared/data, runs the whole pipeline on each, and prints a table.")
    .IsDependentOn("Build")
    .Does(() =>
{
    string models = System.IO.Path.GetFullPath(System.IO.Path.Combine(root, "..", "shared", "data", "models"));
    if (!DirectoryExists(models))
    {
        Warning($"Skipped: there are no models in {models}. They are reference data of development, not part of this repository.");
        return;
    }
    string report = System.IO.Path.Combine(artifacts, "real-models.md");
    DeleteFiles(report);
    System.Environment.SetEnvironmentVariable("E3SCALE_REAL_MODELS_REPORT", report);
    int exitCode = TryRun("dotnet", "test", "tests/RealModels.Tests", "--configuration", configuration, "--no-build",
        "--logger", "console;verbosity=normal");
    if (FileExists(report))
        Information(System.IO.File.ReadAllText(report));
    if (exitCode != 0)
        throw new CakeException(exitCode, $"Some checks failed; {report} has the runs that went well.");
});
