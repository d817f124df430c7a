using System.CommandLine;
using System.CommandLine.Parsing;
using E3Scale.Data.Chat;
using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Tasks;
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

/// <summary><c>e3scale tasks</c>: benchmark tasks on a model folder, on one rank or as started by mpirun on several.</summary>
internal sealed class TasksCommand
{
    private readonly Option<string> _model = new("--model") { Description = "Hugging Face folder of the model.", Required = true };
    private readonly Option<string> _folder = new("--tasks-dir") { Description = "Folder with the tasks' files, such as piqa.jsonl.", Required = true };

    private readonly Option<string[]> _tasks = new("--tasks")
    {
        Description = $"Names with commas between: {string.Join(", ", TaskCatalog.Names)}.",
        Required = true,
        CustomParser = parsed => CommaList.Read(parsed, name => name),
    };

    private readonly Option<int[]> _dropLayers = new("--drop-layers")
    {
        Description = "Layers to leave out, counted from 0, with commas between: 3,4.",
        DefaultValueFactory = _ => [],
        CustomParser = parsed => CommaList.Read(parsed, int.Parse),
    };

    private readonly Option<int> _limit = AtLeast("--limit", 0, 0, "Items of each task, the first ones of its file; 0 (default) for all.");
    private readonly Option<int?> _shots = new("--shots") { Description = "Solved items before each question; default: the task's own number." };
    private readonly Option<int> _batchSize = AtLeast("--batch-size", 8, 1, "Texts of a forward pass; default 8.");
    private readonly Option<int?> _maxLength = new("--max-length") { Description = "Longest text in tokens, cut on the left; default: the model's context." };
    private readonly Option<int> _maxNewTokens = AtLeast("--max-new-tokens", 512, 1, "Longest generated answer in tokens; default 512.");
    private readonly Option<bool> _addBos = new("--add-bos") { Description = "Puts the begin token before every text." };
    private readonly Option<string?> _chat = CreateChat();
    private readonly Option<ComputeType> _dtype = new("--dtype") { Description = "fp32 or bf16.", DefaultValueFactory = _ => ComputeType.Fp32 };
    private readonly Option<DeviceKind> _device = new("--device") { Description = "auto (default), cpu or cuda.", DefaultValueFactory = _ => DeviceKind.Auto };
    private readonly Option<string?> _mesh = new("--mesh") { Description = "Under mpirun: pp=2,ep=1,dp=4; default: all ranks on the data axis." };
    private readonly Option<string?> _output = new("--output") { Description = "JSON file to write the results to." };
    private readonly Option<string?> _items = new("--items") { Description = "JSON Lines file to write every item's result to." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var tasks = new TasksCommand();
        var command = new Command("tasks", "Scores a model on benchmark tasks, by the protocol of lm-evaluation-harness.")
        {
            tasks._model, tasks._folder, tasks._tasks, tasks._dropLayers, tasks._limit, tasks._shots, tasks._batchSize, tasks._maxLength,
            tasks._maxNewTokens, tasks._addBos, tasks._chat, tasks._dtype, tasks._device, tasks._mesh, tasks._output, tasks._items,
        };
        command.SetAction(tasks.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var runner = new TaskRunner(Options(parsed)); // reads all files: what is wrong with them is said before MPI starts
        return RankWork.Run(world => Score(parsed, runner, world));
    }

    private void Score(ParseResult parsed, TaskRunner runner, Communicator world)
    {
        string folder = parsed.GetRequiredValue(_model);
        var shape = parsed.GetValue(_mesh) is { } text ? MeshArgument.Parse(text) : new MeshShape(1, 1, world.Size);
        using var mesh = new Mesh(world, shape, RankDevice.Find(parsed.GetValue(_device), MessagePath.Auto, world));
        using var checkpoint = HuggingFaceCheckpoint.Open(folder);
        int[] dropped = parsed.GetRequiredValue(_dropLayers);
        LayerArgument.Check(dropped, checkpoint.Config.LayerCount, folder);
        var dtype = parsed.GetValue(_dtype) == ComputeType.Bf16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
        using var model = ShardedModel.Load(checkpoint, mesh, checkpoint.Config.MaxPositions, dtype, dropped);
        IStageProgress progress = world.Rank == 0 ? SinkProgress.OnStandardError() : new SilentProgress();
        var results = runner.Run(model, TokenizerLoader.Load(folder), progress);
        if (world.Rank == 0)
            Write(parsed, results);
    }

    private void Write(ParseResult parsed, IReadOnlyList<TaskResult> results)
    {
        Console.Write(TaskTable.Draw(results));
        if (parsed.GetValue(_output) is { } output)
            JsonFile.Write(output, results);
        if (parsed.GetValue(_items) is { } items)
            RunJson.WriteText(items, TaskTable.ItemLines(results));
    }

    private TaskOptions Options(ParseResult parsed) => new()
    {
        TasksFolder = parsed.GetRequiredValue(_folder),
        Tasks = parsed.GetRequiredValue(_tasks),
        Limit = parsed.GetValue(_limit),
        Shots = parsed.GetValue(_shots),
        BatchSize = parsed.GetValue(_batchSize),
        MaxLength = parsed.GetValue(_maxLength),
        MaxNewTokens = parsed.GetValue(_maxNewTokens),
        AddsBos = parsed.GetValue(_addBos),
        Chat = parsed.GetValue(_chat) is { } name ? ChatFormat.Named(name) : null,
    };

    private static Option<string?> CreateChat()
    {
        var option = new Option<string?>("--chat-template")
        {
            Description = $"Asks the tasks that are answered by generation as a conversation: {string.Join(", ", ChatFormat.Names)}.",
        };
        option.AcceptOnlyFromAmong([.. ChatFormat.Names]);
        return option;
    }

    private static Option<int> AtLeast(string name, int value, int least, string description)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < least)
                result.AddError($"{name}: {result.GetValueOrDefault<int>()}, expected at least {least}.");
        });
        return option;
    }
}
