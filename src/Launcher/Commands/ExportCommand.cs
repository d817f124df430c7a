using System.CommandLine;
using System.CommandLine.Parsing;
using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Recipes;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Export;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Commands;

/// <summary>
/// <c>e3scale export</c>: with a recipe the stage of a run; with <c>--model</c> a copy of any model folder, without layers that are named, or with
/// weights of another type. The copy works on one rank, or as started by mpirun on several.
/// </summary>
internal sealed class ExportCommand
{
    /// <summary>The stage that this command is also for.</summary>
    public const string StageName = "export";

    private readonly Option<string?> _model = new("--model") { Description = "Instead of a run: Hugging Face folder to export as it is." };
    private readonly Option<string?> _output = new("--output") { Description = "With --model: folder to write." };

    private readonly Option<int[]> _dropLayers = new("--drop-layers")
    {
        Description = "With --model: layers to leave out, counted from 0, with commas between: 3,4.",
        DefaultValueFactory = _ => [],
        CustomParser = parsed => CommaList.Read(parsed, int.Parse),
    };

    private readonly Option<string> _weights = CreateWeights();

    private readonly Option<long> _maxShardSize = new("--max-shard-size")
    {
        Description = "With --model: data that a file holds at most, for example 512MiB; default 5GB.",
        DefaultValueFactory = _ => ExportOptions.DefaultMaxShardBytes,
        CustomParser = ReadSize,
    };

    private readonly Option<bool> _keepMtp = new("--keep-mtp") { Description = "With --model: multi-token-prediction layers go along, as they are." };

    /// <summary>Makes the command.</summary>
    /// <param name="stageDescription">What the stage does.</param>
    public static Command Create(string stageDescription)
    {
        var export = new ExportCommand();
        var command = new Command(StageName, stageDescription + " With --model: writes a copy of any model folder, without a run.");
        PipelineCommand pipeline = PipelineCommand.AddTo(command, [StageName], isRequired: false);
        Option[] ofCopy = [export._model, export._output, export._dropLayers, export._weights, export._maxShardSize, export._keepMtp];
        foreach (Option option in ofCopy)
            command.Add(option);
        command.Validators.Add(result => export.Check(result, pipeline, ofCopy));
        command.SetAction(parsed => parsed.GetValue(export._model) is null ? pipeline.Run(parsed) : export.Copy(parsed));
        return command;
    }

    private void Check(CommandResult result, PipelineCommand pipeline, IReadOnlyList<Option> ofCopy)
    {
        if (result.GetValue(_model) is null)
        {
            if (ofCopy.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } lonely)
                result.AddError($"{lonely.Name} is for a copy: --model is missing. A run has the section export of its recipe.");
            else if (!pipeline.IsGiven(result))
                result.AddError("Name a run by --recipe and --run-dir, or a folder to copy by --model and --output.");
        }
        else if (result.GetValue(_output) is null)
        {
            result.AddError("--model needs --output, the folder to write.");
        }
        else if (result.Children.OfType<OptionResult>().FirstOrDefault(given => !given.Implicit && !ofCopy.Contains(given.Option)) is { } other)
        {
            result.AddError($"{other.Option.Name} is for a run and cannot stand beside --model.");
        }
    }

    private int Copy(ParseResult parsed)
    {
        string target = parsed.GetRequiredValue(_output)!;
        ArchitectureConfig model = ArchitectureConfig.Read(parsed.GetRequiredValue(_model)!);
        string source = Path.GetDirectoryName(Path.GetFullPath(model.Path))!;
        if (Path.TrimEndingDirectorySeparator(Path.GetFullPath(target)) == source)
            throw new RecipeException($"--output {target}: the model's own folder. Name another one.");
        int[] dropped = parsed.GetRequiredValue(_dropLayers);
        var options = new ExportOptions
        {
            SourceFolder = source,
            TargetFolder = target,
            KeptLayers = Kept(model, dropped),
            Method = dropped.Length > 0 ? "named" : "none",
            Weights = Enum.Parse<WeightFormat>(parsed.GetRequiredValue(_weights), ignoreCase: true),
            MaxShardBytes = parsed.GetValue(_maxShardSize),
            KeepsPrediction = parsed.GetValue(_keepMtp),
        };
        return RankWork.Run(world => Run(world, options));
    }

    private static void Run(Communicator world, ExportOptions options)
    {
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(options.SourceFolder);
        // Reads every byte, so it begins beside the writing.
        Task<string>? hash = world.Rank == 0 ? Task.Run(() => source.ContentHash) : null;
        using var exporter = new CheckpointExporter(options with { SourceHash = () => hash!.GetAwaiter().GetResult() });
        IStageProgress progress = world.Rank == 0 ? SinkProgress.OnStandardError() : new SilentProgress();
        ShardedExport.WriteSource(world, exporter, progress);
        if (world.Rank == 0)
            Print(exporter, options);
    }

    private static void Print(CheckpointExporter exporter, ExportOptions options)
    {
        var files = new DirectoryInfo(options.TargetFolder).GetFiles("*.safetensors");
        Console.WriteLine($"{options.TargetFolder}: {options.KeptLayers.Count} layers, {files.Length} files, {ByteSize.Format(files.Sum(file => file.Length))}");
        foreach (string line in new ExportSummary(exporter.Rounding, options.KeepsPrediction && !exporter.HasPrediction).Lines)
            Console.WriteLine(line);
    }

    private static int[] Kept(ArchitectureConfig model, int[] dropped)
    {
        int layers = model.Config.LayerCount;
        int[] kept = [.. Enumerable.Range(0, layers).Except(dropped)];
        if (dropped.Distinct().Count() != layers - kept.Length || kept.Length == 0)
            throw new RecipeException($"--drop-layers {string.Join(',', dropped)}: {model.Path} has layers 0 to {layers - 1}, and at least one must stay.");
        return kept;
    }

    private static Option<string> CreateWeights()
    {
        var option = new Option<string>("--weights")
        {
            Description = "With --model: keep (default) copies every tensor byte for byte; fp32, bf16 or fp8 (e4m3 in blocks of 128 x 128) converts.",
            DefaultValueFactory = _ => "keep",
        };
        option.AcceptOnlyFromAmong("keep", "fp32", "bf16", "fp8");
        return option;
    }

    private static long ReadSize(ArgumentResult parsed)
    {
        string text = parsed.Tokens.Count == 1 ? parsed.Tokens[0].Value : "";
        if (ByteSize.Parse(text) is { } bytes)
            return bytes;
        parsed.AddError($"--max-shard-size {text}: expected {ByteSize.Expected}.");
        return 0;
    }
}
