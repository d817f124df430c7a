using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Generation;
using E3Scale.Kernels;
using E3Scale.Pruner.Importance;
using E3Scale.RealModels.Tests.Reference;
using E3Scale.Sharding;
using E3Scale.TestSupport;

namespace E3Scale.RealModels.Tests;

/// <summary>
/// Trained models against what other code measured on the same weights and texts, at every position that predicts a token. The references have
/// six decimals (logits five), and float32 sums in another order differ by some 1e-6.
/// </summary>
public sealed class ReferenceTests
{
    private const double NatsTolerance = 1e-5, LogitTolerance = 1e-4;

    public static TheoryData<string> Models => RealModel.All;

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Encode_Stories_GivesTheReferenceIds(string name)
    {
        using var model = RealModel.Open(name);
        int[][] stories = [.. model.Stories(model.Reference.Stories)];

        Assert.Equal(model.Reference.PredictedTokens, stories.Sum(ids => ids.Length - 1));
        foreach (SequenceValues sequence in model.Reference.Sequences)
            Assert.Equal(sequence.Ids, stories[sequence.Story][..sequence.Ids.Length]);
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Encode_SentencePieceFileAlone_GivesTheSameIds(string name)
    {
        using var model = RealModel.Open(name);
        using var folder = new TestFolder();
        foreach (string file in new[] { "tokenizer.model", "tokenizer_config.json" })
            File.Copy(Path.Combine(model.Folder, file), folder[file]);

        ITokenizer tokenizer = TokenizerLoader.Load(folder[""]);

        // SentencePiece itself makes one space of several, which a tokenizer.json does not say.
        string[] lines = [.. File.ReadAllLines(model.TextFile).Where(line => !line.Contains("  ", StringComparison.Ordinal))];
        Assert.All(lines, line => Assert.Equal(model.Tokenizer.Encode(line), tokenizer.Encode(line)));
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Logits_WholeStories_HaveTheReferenceLoss(string name)
    {
        using var model = RealModel.Open(name);

        double sum = model.Stories(model.Reference.Stories).Sum(ids => model.NegativeLogLikelihood(ids, model.Logits(ids)));

        Assert.Equal(model.Reference.MeanNll, sum / model.Reference.PredictedTokens, NatsTolerance);
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Logits_ShortSequences_AreTheReference(string name)
    {
        using var model = RealModel.Open(name);
        foreach (SequenceValues expected in model.Reference.Sequences)
        {
            float[] logits = model.Logits(expected.Ids);
            float[] last = logits[^model.Config.VocabularySize..];
            int[] best = [.. Enumerable.Range(0, last.Length).OrderByDescending(id => last[id]).Take(expected.LastTop10Ids.Length)];

            Assert.Equal(expected.LastTop10Ids, best);
            Assert.All(best.Zip(expected.LastTop10Logits), pair => Assert.Equal(pair.Second, last[pair.First], LogitTolerance));
            Assert.Equal(expected.LastLogsumexp, RowMath.LogSumExp(last), LogitTolerance);
            Assert.Equal(expected.MeanNll, model.NegativeLogLikelihood(expected.Ids, logits) / (expected.Ids.Length - 1), NatsTolerance);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Logits_WithoutEachLayer_AreAsFarAwayAsTheReference(string name)
    {
        using var model = RealModel.Open(name);
        LeaveOneOutValues expected = model.Reference.LeaveOneOut;
        var (kl, loss) = (new double[model.Config.LayerCount], new double[model.Config.LayerCount]);
        foreach (int[] ids in model.Stories(expected.Stories))
        {
            int predicting = (ids.Length - 1) * model.Config.VocabularySize;
            float[] full = model.Logits(ids);
            for (int layer = 0; layer < kl.Length; layer++)
            {
                float[] without = model.Logits(ids, layer);
                kl[layer] += KlDivergence.Sum(full.AsSpan(0, predicting), without.AsSpan(0, predicting), model.Config.VocabularySize).LeftToRight;
                loss[layer] += model.NegativeLogLikelihood(ids, without);
            }
        }

        AssertClose(expected.KlFullVsWithoutLayer, kl, expected.PredictedTokens);
        AssertClose(expected.NllWithoutLayer, loss, expected.PredictedTokens);
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void BlockInfluence_EveryLayer_IsTheReference(string name)
    {
        using var model = RealModel.Open(name);
        LeaveOneOutValues expected = model.Reference.LeaveOneOut;
        var influence = new BlockInfluence(model.Config.LayerCount, model.Config.HiddenSize);

        foreach (int[] ids in model.Stories(expected.Stories))
            model.Logits(ids[..^1], onLayer: (layer, before, after) => influence.Add(layer, before, after));

        AssertClose(expected.OneMinusCosineInOut, influence.Scores(), 1);
    }

    [SkippableTheory]
    [InlineData("babyllama105")]
    [InlineData("babyllama105-near12")]
    public void ImportanceStage_StoriesOfFullLength_MeasuresTheReference(string name)
    {
        using var model = RealModel.Open(name);
        using var folder = new TestFolder();
        LeaveOneOutValues expected = model.Reference.LeaveOneOut;
        // One piece per character, so that every story was cut. The stage counts every position: the last one, which predicts nothing, goes.
        TokenCorpus.Write(folder["stories.bin"], model.Stories(expected.Stories).Select(ids => Array.ConvertAll(ids[..^1], id => (long)id)));

        ImportanceResult result = new ImportanceStage(
            new ImportanceOptions
            {
                TeacherFolder = model.Folder,
                CorpusFile = folder["stories.bin"],
                OutputFile = folder["importance.json"],
                Sequences = expected.Stories,
            },
            OneRank.Environment()).Run();

        AssertClose(expected.KlFullVsWithoutLayer, result.Kl, 1);
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Generate_OnceUponATime_TellsTheReferenceStory(string name)
    {
        using var model = RealModel.Open(name);
        ContinuationValues expected = model.Reference.GreedyFromOnceUponATime;
        int[] prompt = model.Tokenizer.Encode("Once upon a time", addSpecialTokens: true);
        Assert.Equal(expected.Ids[..expected.PromptLen], prompt);
        using var mesh = OneRank.Mesh();
        using var sharded = ShardedModel.Load(model.Checkpoint, mesh, model.Config.MaxPositions);

        int[] story = new TextGenerator(sharded, model.Tokenizer.EosId).Generate([prompt], expected.Ids.Length - prompt.Length)[0];

        Assert.Equal(expected.Ids[prompt.Length..], story);
    }

    /// <summary>Compares sums over so many tokens with means.</summary>
    private static void AssertClose(double[] expectedMeans, double[] sums, long count)
    {
        Assert.Equal(expectedMeans.Length, sums.Length);
        for (int layer = 0; layer < sums.Length; layer++)
            Assert.Equal(expectedMeans[layer], sums[layer] / count, NatsTolerance);
    }
}
