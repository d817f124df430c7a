using E3Scale.Data.Tokenizers;
using E3Scale.Sharding;

namespace E3Scale.Evaluation.Tasks;

/// <summary>Runs benchmark tasks on a sharded model, by the protocol of lm-evaluation-harness (METHODS 15).</summary>
/// <remarks>All files are read before anything is computed, so that a missing one is found at once.</remarks>
public sealed class TaskRunner
{
    private readonly TaskOptions _options;
    private readonly List<(BenchmarkTask Task, object Set)> _sets = [];

    /// <summary>Reads the items of every task.</summary>
    /// <param name="options">What to run.</param>
    /// <exception cref="TaskException">A task is unknown, or its file missing or damaged.</exception>
    public TaskRunner(TaskOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        foreach (BenchmarkTask task in options.Tasks.Distinct().Select(TaskCatalog.Named).ToList())
            _sets.Add((task, task is ChoiceTask choice ? ChoiceRun.Prepare(choice, options) : AnswerRun.Prepare((AnswerTask)task, options)));
    }

    /// <summary>Scores one model. Collective over the world.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="progress">Told how many texts are done.</param>
    /// <returns>One result for each task; the same on every rank.</returns>
    /// <exception cref="TaskException">A text cannot be scored with this tokenizer or context.</exception>
    public IReadOnlyList<TaskResult> Run(ShardedModel model, ITokenizer tokenizer, IStageProgress progress)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(progress);
        int? begin = _options.AddsBos
            ? tokenizer.BosId ?? throw new TaskException("a begin token is asked for before every text, but the tokenizer has none.")
            : null;
        int maxLength = MaxLength(model);
        var results = new List<TaskResult>();
        foreach (var (task, set) in _sets)
            results.Add(set switch
            {
                ChoiceSet choices => Score((ChoiceTask)task, choices, model, new RequestEncoder(tokenizer, maxLength, begin), progress),
                AnswerSet answers => new AnswerRun(model, tokenizer, _options, maxLength, begin).Answer((AnswerTask)task, answers, progress),
                _ => throw new System.Diagnostics.UnreachableException(),
            });
        return results;
    }

    private TaskResult Score(ChoiceTask task, ChoiceSet set, ShardedModel model, RequestEncoder encoder, IStageProgress progress)
    {
        EncodedRequest[] requests = [.. set.Requests.Select(request => encoder.Encode(request.Context, request.Continuation))];
        progress.Begin(task.Name, requests.Length, "texts");
        double[] sums = new ContinuationScorer(model, _options.BatchSize).Score(requests, done => progress.Report(done));
        progress.End();
        return ChoiceRun.Judge(task, set, sums);
    }

    private int MaxLength(ShardedModel model)
    {
        int context = model.Config.MaxPositions;
        int length = _options.MaxLength ?? context;
        return length <= context
            ? length
            : throw new TaskException($"texts of {length} tokens are asked for, but the model was made for {context}. Lower the longest length.");
    }
}
