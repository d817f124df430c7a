using E3Scale.Data.Arithmetic;
using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Chains;
using E3Scale.Evaluation.Generation;
using E3Scale.MoE;
using E3Scale.Sharding;
using E3Scale.TestSupport;

namespace E3Scale.Evaluation.Tests.Chains;

/// <summary>On the shipped model, which solves most problems of the lengths that it was trained on.</summary>
public sealed class ChainRunTests : IDisposable
{
    private const int MaxNewTokens = 64;

    private static readonly string Folder = Path.Combine(SharedData.RepositoryRoot, "models", "tiny-r1");

    private readonly Mesh _mesh = OneRank.Mesh();
    private readonly HuggingFaceCheckpoint _checkpoint = HuggingFaceCheckpoint.Open(Folder);
    private readonly ITokenizer _tokenizer = TokenizerLoader.Load(Folder);
    private readonly ShardedModel _model;

    public ChainRunTests() => _model = ShardedModel.Load(_checkpoint, _mesh, context: 128);

    public void Dispose()
    {
        _model.Dispose();
        _checkpoint.Dispose();
        _mesh.Dispose();
    }

    [Fact]
    public void Run_GreedyAnswers_AreCountedByLength()
    {
        var options = new ChainOptions { Lengths = [2, 9], ItemsPerLength = 3 };
        var result = new ChainRun(options, _tokenizer, MaxNewTokens, 4, seed: 3).Run(_model, new SilentProgress());

        Assert.Equal([2, 9], result.Lengths.Select(length => length.Steps));
        Assert.Empty(result.Tries);
        foreach (ChainLengthResult length in result.Lengths)
        {
            Assert.Equal(3, length.Items);
            ArithmeticProblem[] problems = [.. ChainItem.Create(options, 3).Where(item => item.Steps == length.Steps).Select(item => item.Problem)];
            double share = problems.Average(problem => ArithmeticTask.IsExactMatch(problem, Answer(problem)) ? 1.0 : 0);
            Assert.Equal(share, length.ExactMatch, 12);
            Assert.Equal(Math.Sqrt(share * (1 - share) / 3), length.ExactMatchError, 12);
        }
    }

    [Fact]
    public void Run_SampledAnswers_DoNotDependOnTheBatch()
    {
        var options = new ChainOptions { Lengths = [2, 4], ItemsPerLength = 2, Samples = 3, Temperature = 1.5, TopP = 1 };
        ChainResult[] results = [.. new[] { 1, 5, 64 }.Select(batch => new ChainRun(options, _tokenizer, 40, batch, seed: 3).Run(_model, new SilentProgress()))];

        foreach (ChainResult result in results[1..])
        {
            Assert.Equal(results[0].Tries, result.Tries);
            Assert.Equal(results[0].Lengths.SelectMany(length => length.Tries), result.Lengths.SelectMany(length => length.Tries));
        }
        Assert.Equal([1, 2, 3], results[0].Tries.Select(tries => tries.K));
        // As many problems of each length: the mean of all is that of the lengths.
        Assert.Equal(results[0].Lengths.Average(length => length.Tries[1].Pass), results[0].Tries[1].Pass, 12);
        Assert.Equal(results[0].Tries[0].Pass, results[0].Tries[0].Majority, 12);
    }

    [Fact]
    public void Items_OfALength_HaveSoManyStepsAndAreHeldOut()
    {
        ChainItem[] items = [.. ChainItem.Create(new ChainOptions { Lengths = [1, 3, 6], ItemsPerLength = 20 }, seed: 9)];
        Assert.Equal(60, items.Length);
        Assert.Equal(60, items.Select(item => item.Stream(0)).Concat(items.Select(item => item.Stream(1))).Distinct().Count() / 2);
        Assert.All(items, item =>
        {
            Assert.Equal(item.Steps, item.Problem.Trace.Count(letter => letter == '.'));
            Assert.Equal(ArithmeticSplit.HeldOut, ArithmeticTask.SplitOf(item.Problem.Expression));
        });
    }

    private string Answer(ArithmeticProblem problem)
    {
        int[] start = _tokenizer.BosId is { } bos ? [bos] : [];
        return _tokenizer.Decode(new TextGenerator(_model, _tokenizer.EosId).Generate([[.. start, .. _tokenizer.Encode(problem.Prompt)]], MaxNewTokens)[0]);
    }
}
