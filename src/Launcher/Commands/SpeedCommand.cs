using System.CommandLine;
using E3Scale.Evaluation.Speed;
using E3Scale.Launcher.Planning;
using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;
using TorchSharp;

namespace E3Scale.Launcher.Commands;

/// <summary><c>e3scale speed</c>: time to the first token and per output token before and after pruning, on one rank or as started by mpirun.</summary>
internal sealed class SpeedCommand
{
    private static readonly SpeedOptions s_defaults = new();

    private readonly Option<string> _model = new("--model") { Description = "Hugging Face folder of the model before pruning.", Required = true };
    private readonly Option<string?> _student = new("--student") { Description = "Folder of the model after pruning; or give --drop-layers." };

    private readonly Option<int[]> _dropLayers = new("--drop-layers")
    {
        Description = "Layers that the model after pruning lacks, counted from 0, with commas between: 3,4.",
        DefaultValueFactory = _ => [],
        CustomParser = parsed => CommaList.Read(parsed, int.Parse),
    };

    private readonly Option<int[]> _batches = new("--batches")
    {
        Description = $"Texts at the same time on a replica, with commas between; default {string.Join(',', s_defaults.Batches)}.",
        DefaultValueFactory = _ => [.. s_defaults.Batches],
        CustomParser = parsed => CommaList.Read(parsed, int.Parse),
    };

    private readonly Option<int> _prompt = new("--prompt-tokens") { Description = "Tokens of a prompt.", DefaultValueFactory = _ => s_defaults.PromptTokens };
    private readonly Option<int> _new = new("--new-tokens") { Description = "Tokens generated.", DefaultValueFactory = _ => s_defaults.NewTokens };
    private readonly Option<int> _rounds = new("--rounds") { Description = "Generations that count.", DefaultValueFactory = _ => s_defaults.Rounds };
    private readonly Option<ComputeType> _dtype = new("--dtype") { Description = "fp32 or bf16.", DefaultValueFactory = _ => ComputeType.Fp32 };
    private readonly Option<DeviceKind> _device = new("--device") { Description = "auto (default), cpu or cuda.", DefaultValueFactory = _ => DeviceKind.Auto };
    private readonly Option<string?> _mesh = new("--mesh") { Description = "Under mpirun: pp=2,ep=1,dp=4; default: all ranks on the data axis." };
    private readonly Option<string?> _output = new("--output") { Description = "Folder to write speed.md, speed.csv and speed.json to." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var speed = new SpeedCommand();
        var command = new Command("speed", "Measures prefill and decode with a cache before and after pruning, in turn, beside the ideal ratio L / L'.")
        {
            speed._model, speed._student, speed._dropLayers, speed._batches, speed._prompt, speed._new, speed._rounds, speed._dtype, speed._device,
            speed._mesh, speed._output,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(speed._student) is null == (result.GetValue(speed._dropLayers) is not { Length: > 0 }))
                result.AddError("Give either --student, a folder, or --drop-layers, the layers that go.");
            // What is not given has no value yet: defaults come after validation.
            if (result.GetResult(speed._batches)?.GetValueOrDefault<int[]>() is { } batches && (batches.Length == 0 || batches.Min() < 1))
                result.AddError("--batches: at least one, and none below 1.");
            if (result.GetResult(speed._rounds)?.GetValueOrDefault<int>() is < 1 and { } rounds)
                result.AddError($"--rounds {rounds}: at least 1.");
        });
        command.SetAction(parsed => RankWork.Run(world =>
        {
            try
            {
                speed.Measure(parsed, world);
            }
            catch (ArgumentException error)
            {
                throw new RecipeException(error.Message, error);
            }
        }));
        return command;
    }

    private void Measure(ParseResult parsed, Communicator world)
    {
        var shape = parsed.GetValue(_mesh) is { } text ? MeshArgument.Parse(text) : new MeshShape(1, 1, world.Size);
        using var mesh = new Mesh(world, shape, RankDevice.Find(parsed.GetValue(_device), MessagePath.Auto, world));
        var options = new SpeedOptions
        {
            Batches = parsed.GetRequiredValue(_batches),
            PromptTokens = parsed.GetValue(_prompt),
            NewTokens = parsed.GetValue(_new),
            Rounds = parsed.GetValue(_rounds),
        };
        var dtype = parsed.GetValue(_dtype) == ComputeType.Bf16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
        int context = options.PromptTokens + options.NewTokens;
        string folder = parsed.GetRequiredValue(_model);
        using var checkpoint = HuggingFaceCheckpoint.Open(folder);
        using var studentFiles = parsed.GetValue(_student) is { } student ? HuggingFaceCheckpoint.Open(student) : null;
        int[] dropped = parsed.GetRequiredValue(_dropLayers);
        LayerArgument.Check(dropped, checkpoint.Config.LayerCount, folder);
        using var before = ShardedModel.Load(checkpoint, mesh, context, dtype);
        using var after = studentFiles is null
            ? ShardedModel.Load(checkpoint, mesh, context, dtype, dropped)
            : ShardedModel.Load(studentFiles, mesh, context, dtype);
        IStageProgress progress = world.Rank == 0 ? SinkProgress.OnStandardError() : new SilentProgress();
        SpeedReport report = new SpeedComparison(before, after, options).Run(progress);
        if (world.Rank == 0)
            Write(report, parsed.GetValue(_output));
    }

    private static void Write(SpeedReport report, string? folder)
    {
        Console.Write(report.ToMarkdown());
        if (folder is null)
            return;
        RunJson.WriteText(Path.Combine(folder, "speed.md"), report.ToMarkdown());
        RunJson.WriteText(Path.Combine(folder, "speed.csv"), report.ToCsv());
        JsonFile.Write(Path.Combine(folder, "speed.json"), report);
    }
}
