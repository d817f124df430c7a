// Hostile input: the readers of stored formats on many damaged files.

Task("Fuzz")
    .Description("Reads --files damaged files of every format (default 100000 each): no crash, no hang, no unbounded memory.")
    .IsDependentOn("Build")
    .Does(() =>
{
    System.Environment.SetEnvironmentVariable("E3SCALE_FUZZ_FILES", Argument("files", "100000"));
    foreach (string tests in (string[])["LogitStore.Tests", "MoE.Tests", "Data.Tests"])
        Run("dotnet", "test", $"tests/{tests}/E3Scale.{tests}.csproj", "--configuration", configuration, "--no-build",
            "--filter", "FullyQualifiedName~FuzzTests", "--logger", "console;verbosity=normal",
            "--blame-hang-timeout", "20m", "--blame-hang-dump-type", "none");
});
