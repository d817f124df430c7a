// The list of targets and arguments, and what is said about an unknown one.

readonly Dictionary<string, string> knownArguments = new()
{
    ["target"] = "what to do, one of the targets above",
    ["recipe"] = "recipe of the run (default cluster/recipes/tiny-r1.yaml)",
    ["run-dir"] = "folder of the run (default runs/<name of the recipe file>)",
    ["ranks"] = "number of MPI ranks (default: the mesh of the recipe)",
    ["launcher"] = "local, slurm or none: how ranks are started (default local); slurm outside an allocation submits a job",
    ["hostfile"] = "hosts for --launcher=local, in the form that mpirun takes (cluster/hosts/)",
    ["nodes"] = "nodes of the Slurm job (default 1)",
    ["partition"] = "partition of the Slurm job",
    ["time"] = "time limit of the Slurm job, for example 1-12:00:00",
    ["sbatch"] = "any other option of sbatch, for example --sbatch=--account=lab; may be repeated",
    ["submit-only"] = "print the number of the Slurm job and do not wait for it",
    ["set"] = "KEY=VALUE changes one field of the recipe, for example --set search.temperature=2; may be repeated",
    ["scale"] = "studies: small (default) runs the study here; full writes the recipes of the paper's models",
    ["seeds"] = "studies: other seeds than the study's own, with commas between, for example --seeds=1,2",
    ["benchmark"] = "which benchmark Bench runs; may be repeated (default all)",
    ["runs"] = "how many runs Chaos disturbs (default 50)",
    ["seed"] = "seed of Chaos, which decides what happens when (default: another one each time)",
    ["store"] = "Footprint: folder of a finished store to measure",
    ["tokens"] = "Footprint: tokens to capture, for example 0.5e9",
    ["vocab"] = "Footprint: vocabulary size of the teacher",
    ["top-k"] = "Footprint: logits kept per token (default 10)",
    ["encoding"] = "Footprint: exact or compact (default exact)",
    ["sequence-length"] = "Footprint: tokens of a sequence (default 4096)",
    ["readers"] = "Footprint: processes that read the store at once (default 1)",
    ["tokens-per-second"] = "Footprint: tokens per second of the whole training",
    ["capture-tokens-per-second"] = "Footprint: tokens per second of the whole capture",
    ["price-per-gb-month"] = "Footprint: price of a gigabyte of disk for a month",
    ["files"] = "how many damaged files of each format Fuzz reads (default 100000)",
    ["model"] = "Speed: folder of the model before pruning (default models/tiny-r1)",
    ["student"] = "Speed: folder of the model after pruning, in place of --drop-layers",
    ["drop-layers"] = "Speed: layers that the model after pruning lacks (default 4,6,8,10)",
    ["batches"] = "Speed: texts at the same time, with commas between (default 1,2,8,64,128)",
    ["prompt-tokens"] = "Speed: tokens of a prompt (default 128)",
    ["new-tokens"] = "Speed: tokens generated (default 16)",
    ["rounds"] = "Speed: generations that count (default 3)",
    ["dtype"] = "Speed: fp32 (default) or bf16",
    ["output"] = "Speed: folder for speed.md, speed.csv and speed.json (default artifacts/speed)",
    ["configuration"] = "Release or Debug (default Release)",
    ["verbosity"] = "quiet, minimal, normal, verbose or diagnostic: how much Cake says",
};

Task("Help")
    .Description("Lists the targets and arguments.")
    .Does(() => WriteHelp());

/// <summary>The target asked for, once it and all arguments are known to exist.</summary>
string CheckedTarget(string target)
{
    string[] unknown = [.. Context.Arguments.GetArguments().Keys.Where(name => !knownArguments.ContainsKey(name))];
    if (unknown.Length > 0)
        throw Misused($"Unknown argument --{unknown[0]}.");
    if (configuration is not ("Release" or "Debug"))
        throw Misused($"--configuration={configuration} is neither Release nor Debug.");
    return Tasks.FirstOrDefault(task => task.Name.Equals(target, StringComparison.OrdinalIgnoreCase))?.Name
        ?? throw Misused($"Unknown target {target}.");
}

CakeException Misused(string message)
{
    WriteHelp();
    return new CakeException(2, message);
}

void WriteHelp()
{
    Console.WriteLine("Usage: ./build.sh --target=NAME [arguments]\n\nTargets:");
    foreach (var task in Tasks)
        Console.WriteLine($"  {task.Name,-14} {task.Description}");
    Console.WriteLine("\nArguments (paths are relative to the repository root):");
    foreach (var (name, meaning) in knownArguments)
        Console.WriteLine($"  --{name,-14} {meaning}");
    Console.WriteLine();
}
