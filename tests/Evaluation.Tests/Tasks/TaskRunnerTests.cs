using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Tasks;
using E3Scale.MoE;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Evaluation.Tests.Tasks;

public sealed class TaskRunnerTests : IDisposable
{
    private const int Context = 64; // of SmallModel: the longest items below have to be cut
    private readonly TestFolder _folder = new();
    private readonly Mesh _mesh = OneRank.Mesh();
    private readonly LetterTokenizer _tokenizer = new();

    public TaskRunnerTests()
    {
        SmallModel.Write(_folder["model"], SmallModel.DeepSeek());
        File.WriteAllLines(_folder["piqa.jsonl"], Enumerable.Range(0, 7).Select(i =>
            $$"""{"goal": "{{new string('g', 9 * i)}} goal {{i}}", "sol1": "way {{i}} {{new string('x', i)}}", "sol2": "no", "label": {{i % 2}}}"""));
        File.WriteAllLines(_folder["boolq.jsonl"], Enumerable.Range(0, 5).Select(i =>
            $$"""{"passage": "passage {{i * i}}", "question": "is it {{i}}", "label": {{i % 2}}}"""));
        File.WriteAllLines(_folder["gsm8k.jsonl"], Enumerable.Range(0, 3).Select(i => $$"""{"question": "what is {{i}}", "answer": "#### {{i}}"}"""));
    }

    [Fact]
    public void Run_ChoiceTasks_GiveTheLogLikelihoodsOfOneTextAtATime()
    {
        using ShardedModel model = Load();
        var results = Run(model, Options("piqa", "boolq"));

        string[] files = ["piqa", "boolq"];
        for (int task = 0; task < files.Length; task++)
        {
            var set = ChoiceRun.Prepare((ChoiceTask)TaskCatalog.Named(files[task]), Options(files[task]));
            double[] expected = [.. set.Requests.Select(request => Direct(model.Decoder, request.Context, request.Continuation))];
            Assert.Equal(expected, results[task].Records.SelectMany(record => record.LogLikelihoods!), (a, b) => Math.Abs(a - b) < 1e-4); // float32 products
        }
    }

    [SkippableFact]
    public void Run_PublishedItemsOnATrainedModel_GiveTheLogLikelihoodsOfOneTextAtATime()
    {
        string[] tasks = ["piqa", "winogrande", "arc_easy", "arc_challenge", "hellaswag", "logiqa", "boolq", "mmlu"];
        var options = new TaskOptions { TasksFolder = SharedData.Require("data", "benchmarks"), Tasks = tasks, Limit = 2, BatchSize = 5 };
        string folder = SharedData.Require("data", "models", "stories260K");
        ITokenizer tokenizer = TokenizerLoader.Load(folder);
        using var checkpoint = HuggingFaceCheckpoint.Open(folder);
        using ShardedModel model = ShardedModel.Load(checkpoint, _mesh, 512);

        foreach (TaskResult result in new TaskRunner(options).Run(model, tokenizer, new SilentProgress()))
        {
            var set = ChoiceRun.Prepare((ChoiceTask)TaskCatalog.Named(result.Task), options);
            double[] expected = [.. set.Requests.Select(request => Direct(model.Decoder, tokenizer, request.Context, request.Continuation))];
            Assert.Equal(expected, result.Records.SelectMany(record => record.LogLikelihoods!), (a, b) => Math.Abs(a - b) < 1e-3); // sums of up to 80 tokens
        }
    }

    [Fact]
    public void Run_ChoiceTask_CountsWhatIsLikeliestAndLikeliestPerCharacter()
    {
        using ShardedModel model = Load();
        TaskResult result = Assert.Single(Run(model, Options("piqa")));
        var set = ChoiceRun.Prepare(new PiqaTask(), Options("piqa"));
        int right = 0, rightNormalized = 0;
        for (int i = 0; i < 7; i++)
        {
            ChoiceItem item = set.Items[i].Item;
            double[] sums = [.. item.Continuations.Select(choice => Direct(model.Decoder, item.Contexts[0], " " + choice))];
            right += (sums[0] >= sums[1] ? 0 : 1) == item.Gold ? 1 : 0;
            rightNormalized += (sums[0] / item.Continuations[0].Length >= sums[1] / item.Continuations[1].Length ? 0 : 1) == item.Gold ? 1 : 0;
        }

        Assert.Equal(right / 7.0, result.Accuracy);
        Assert.Equal(rightNormalized / 7.0, result.NormalizedAccuracy);
        Assert.Equal(Math.Sqrt(right / 7.0 * (1 - right / 7.0) / 7), result.AccuracyError!.Value, 1e-12);
        Assert.Equal(("piqa.jsonl", 7, 0, "acc"), (result.File, result.Items, result.Shots, result.Metric));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void Run_AnyBatchSize_GivesTheSameResults(int batchSize)
    {
        using ShardedModel model = Load();
        var options = Options("piqa", "boolq", "gsm8k");
        var expected = Run(model, options);
        var actual = Run(model, options with { BatchSize = batchSize });
        foreach (var (left, right) in expected.Zip(actual))
        {
            Assert.Equal(left.Headline, right.Headline);
            Assert.Equal(left.Records.Select(record => record.Answer), right.Records.Select(record => record.Answer));
            Assert.Equal(left.Records.Select(record => record.Text), right.Records.Select(record => record.Text));
            // Products of other shapes round differently.
            Assert.Equal(
                left.Records.SelectMany(record => record.LogLikelihoods ?? []), right.Records.SelectMany(record => record.LogLikelihoods ?? []),
                (a, b) => Math.Abs(a - b) < 1e-4);
        }
    }

    [Fact]
    public void Run_AnswerTask_GeneratesTheGreedyContinuationOfThePrompt()
    {
        using ShardedModel model = Load();
        TaskResult result = Assert.Single(Run(model, Options("gsm8k")));
        Assert.Equal(3, result.Records.Count);
        for (int i = 0; i < 3; i++)
            Assert.Equal(Greedy(model.Decoder, $"Question: what is {i}\nAnswer:", 6), result.Records[i].Text);
        Assert.Equal(result.Records.Count(record => record.IsRight) / 3.0, result.ExactMatch);
    }

    [Fact]
    public void Run_BeginToken_StandsBeforeEveryText()
    {
        using ShardedModel model = Load();
        double[] actual = [.. Run(model, Options("boolq") with { AddsBos = true })[0].Records[2].LogLikelihoods!];
        Assert.Equal(Direct(model.Decoder, "passage 4\nQuestion: is it 2?\nAnswer:", " no", begin: 0), actual[0], 1e-4);
    }

    [Fact]
    public void Run_LongerThanTheModel_SaysSo()
    {
        using ShardedModel model = Load();
        var error = Assert.Throws<TaskException>(() => Run(model, Options("boolq") with { MaxLength = 65 }));
        Assert.Contains("65 tokens are asked for, but the model was made for 64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AnswersAsLongAsTheModel_SaysSo()
    {
        using ShardedModel model = Load();
        var error = Assert.Throws<TaskException>(() => Run(model, Options("gsm8k") with { MaxNewTokens = 64 }));
        Assert.Contains("answers of 64 tokens leave no room for a question in texts of 64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TaskRunner_UnknownTask_ListsTheOnesThereAre()
    {
        var error = Assert.Throws<TaskException>(() => new TaskRunner(Options("pika")));
        Assert.Contains("no task pika; there are sciq, piqa", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _mesh.Dispose();
        _folder.Dispose();
    }

    private TaskOptions Options(params string[] tasks) => new() { TasksFolder = _folder.Root, Tasks = tasks, BatchSize = 4, MaxNewTokens = 6 };

    private IReadOnlyList<TaskResult> Run(ShardedModel model, TaskOptions options) => new TaskRunner(options).Run(model, _tokenizer, new SilentProgress());

    private ShardedModel Load()
    {
        using var checkpoint = HuggingFaceCheckpoint.Open(_folder["model"]);
        return ShardedModel.Load(checkpoint, _mesh, Context);
    }

    /// <summary>Sum of log-probabilities of the continuation, from one text alone and in float64.</summary>
    private double Direct(Decoder model, string context, string continuation, int? begin = null) =>
        Direct(model, _tokenizer, context, continuation, begin);

    private static double Direct(Decoder model, ITokenizer tokenizer, string context, string continuation, int? begin = null)
    {
        List<int> start = begin is { } id ? [id] : [];
        int[] whole = [.. start, .. tokenizer.Encode(context + continuation)];
        int before = start.Count + tokenizer.Encode(context).Length;
        int cut = Math.Max(0, whole.Length - model.Config.MaxPositions - 1);
        double[][] rows = Rows(model, whole[cut..^1]);
        double sum = 0;
        for (int t = before; t < whole.Length; t++)
        {
            double[] row = rows[t - cut - 1];
            sum += row[whole[t]] - Math.Log(row.Sum(Math.Exp));
        }
        return sum;
    }

    private string Greedy(Decoder model, string prompt, int count)
    {
        List<int> ids = [.. _tokenizer.Encode(prompt)];
        int length = ids.Count;
        while (ids.Count < length + count)
        {
            double[] last = Rows(model, [.. ids])[^1];
            int next = Array.IndexOf(last, last.Max());
            if (next == _tokenizer.EosId)
                break;
            ids.Add(next);
        }
        return _tokenizer.Decode([.. ids.Skip(length)]);
    }

    private static double[][] Rows(Decoder model, int[] ids)
    {
        using var scope = NewDisposeScope();
        var ids_BT = tensor(Array.ConvertAll(ids, id => (long)id), [1, ids.Length]);
        return [.. SmallModel.Values(model.Logits(model.Forward(model.Embed(ids_BT)))).Chunk(model.Config.VocabularySize)];
    }
}
