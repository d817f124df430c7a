using E3Scale.Data.Arithmetic;
using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Generation;
using E3Scale.Mpi;
using E3Scale.Sharding;

namespace E3Scale.Evaluation.Chains;

/// <summary>Asks held-out arithmetic problems by the number of steps in their reasoning: once greedily, and several times by sampling.</summary>
/// <param name="options">Which problems, how often.</param>
/// <param name="tokenizer">Tokenizer of the models.</param>
/// <param name="maxNewTokens">Longest answer.</param>
/// <param name="batchSequences">Answers that a replica generates at a time.</param>
/// <param name="seed">Key of problems and draws.</param>
public sealed class ChainRun(ChainOptions options, ITokenizer tokenizer, int maxNewTokens, int batchSequences, ulong seed)
{
    // Makes room for negative answers beside 0, which means that none could be read.
    private const long AnswerOffset = 1L << 32;

    /// <summary>Measures a model. Collective over the world.</summary>
    /// <param name="model">The model.</param>
    /// <param name="progress">Told of answers.</param>
    /// <returns>The same on every rank.</returns>
    public ChainResult Run(ShardedModel model, IStageProgress progress)
    {
        ChainItem[] items = [.. ChainItem.Create(options, seed)];
        progress.Begin("chains", (long)items.Length * (options.Samples + 1), "answers");
        int?[] greedy = Answer(new TextGenerator(model, tokenizer.EosId), model.Mesh, items, 1, 0, progress);
        var sampling = new TokenSampling { Temperature = options.Temperature, TopP = options.TopP, Seed = seed };
        int?[] sampled = Answer(
            new TextGenerator(model, tokenizer.EosId) { Sampling = sampling }, model.Mesh, items, options.Samples, items.Length, progress);
        progress.End();
        return Describe([.. items.Select((item, i) => item with
        {
            Greedy = greedy[i],
            Samples = sampled[(i * options.Samples)..((i + 1) * options.Samples)],
        })]);
    }

    /// <summary>Every item <paramref name="times"/> times in a row; the answers of all ranks.</summary>
    private int?[] Answer(TextGenerator generator, Mesh mesh, ChainItem[] items, int times, long done, IStageProgress progress)
    {
        int[] start = tokenizer.BosId is { } bos ? [bos] : [];
        int[][] prompts = [.. items.Select(item => (int[])[.. start, .. tokenizer.Encode(item.Problem.Prompt)])];
        var answers = new long[items.Length * times];
        // One batch for each replica at a time; the last round may leave some of them without.
        foreach (int[] round in Enumerable.Range(0, answers.Length).Chunk(batchSequences * mesh.Shape.Data))
        {
            int[] mine = [.. round.Where((_, i) => i / batchSequences == mesh.DataRank)];
            int[][] texts = generator.Generate(
                [.. mine.Select(i => prompts[i / times])], maxNewTokens, [.. mine.Select(i => items[i / times].Stream(i % times))]);
            // All stages of a replica know its answers; one of them speaks.
            for (int i = 0; i < mine.Length && mesh.IsLastStage; i++)
                if (ArithmeticTask.TryParseAnswer(tokenizer.Decode(texts[i]), out int answer))
                    answers[mine[i]] = answer + AnswerOffset;
            progress.Report(done += round.Length);
        }
        mesh.World.AllReduce<long>(answers, ReduceOperation.Sum);
        return [.. answers.Select(answer => answer == 0 ? (int?)null : (int)(answer - AnswerOffset))];
    }

    private ChainResult Describe(ChainItem[] items) => new()
    {
        Samples = options.Samples,
        Temperature = options.Temperature,
        TopP = options.TopP,
        Lengths = [.. items.GroupBy(item => item.Steps).Select(length => new ChainLengthResult
        {
            Steps = length.Key,
            Items = length.Count(),
            ExactMatch = length.Average(item => item.Greedy == item.Problem.Answer ? 1.0 : 0),
            Tries = Tries([.. length]),
        })],
        Tries = Tries(items),
    };

    private IReadOnlyList<TriesResult> Tries(ChainItem[] items) =>
    [
        .. TriesEstimator.TriesOf(options.Samples).Select(k =>
        {
            var pass = Statistic.Of(items.Select(item =>
                TriesEstimator.Pass(options.Samples, item.Samples.Count(answer => answer == item.Problem.Answer), k)))!.Value;
            var majority = Statistic.Of(items.Select(item => TriesEstimator.Majority(item.Samples, item.Problem.Answer, k)))!.Value;
            return new TriesResult(k, pass.Mean, pass.StandardError, majority.Mean, majority.StandardError);
        }),
    ];
}
