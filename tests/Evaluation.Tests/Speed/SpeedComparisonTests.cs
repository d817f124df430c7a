using E3Scale.Evaluation.Speed;
using E3Scale.MoE;
using E3Scale.Sharding;
using E3Scale.TestSupport;

namespace E3Scale.Evaluation.Tests.Speed;

public sealed class SpeedComparisonTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Mesh _mesh = OneRank.Mesh();

    public SpeedComparisonTests() => SmallModel.Write(_folder["model"], SmallModel.DeepSeek());

    [Fact]
    public void Run_TwoModels_HasARowForEachBatchAndTimesThatAddUp()
    {
        SpeedReport report = Run(new SpeedOptions { Batches = [1, 3], PromptTokens = 7, NewTokens = 4, Rounds = 2 });

        Assert.Equal((4, 2, 2.0), (report.LayersBefore, report.LayersAfter, report.IdealRatio));
        Assert.Equal([1, 3], report.Rows.Select(row => row.Batch));
        foreach (SpeedFigures figures in report.Rows.SelectMany(row => new[] { row.Before, row.After }))
        {
            Assert.InRange(figures.PrefillBlocks, double.Epsilon, figures.FirstToken); // the layers are a part of it
            Assert.InRange(figures.DecodeBlocks, double.Epsilon, figures.PerToken);
            Assert.True(figures.GapP99 > 0);
        }
    }

    [Fact]
    public void Report_AsText_HasTheSameRowsInEveryForm()
    {
        SpeedReport report = Run(new SpeedOptions { Batches = [1, 2], PromptTokens = 3, NewTokens = 2, Rounds = 1 });
        Assert.StartsWith("4 layers before, 2 after: L / L' = 2.000. Prompts of 3 tokens, 2 generated, 1 rounds", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Equal(2, report.ToMarkdown().Split('\n').Count(line => line.StartsWith("| 1 |", StringComparison.Ordinal) || line.StartsWith("| 2 |", StringComparison.Ordinal)));
        string[] lines = report.ToCsv().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Equal(16, line.Split(',').Length));
    }

    [Theory]
    [InlineData(4, 1, "at least 2 are needed")]
    [InlineData(60, 8, "were made for 64")]
    public void Run_LengthsThatCannotBe_AreRefused(int promptTokens, int newTokens, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => Run(new SpeedOptions { Batches = [1], PromptTokens = promptTokens, NewTokens = newTokens }));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_Timings_AreMediansAndPairedRatios()
    {
        // Rounds of 1 and 3 s before, of 2 and 2 s after: medians 2 and 2, ratios 0.5 and 1.5.
        GenerationTiming[] before = [new(1, [0.1, 0.3], 0.5, 0.2), new(3, [0.3, 0.5], 1.5, 0.6)];
        GenerationTiming[] after = [new(2, [0.2, 0.2], 1, 0.2), new(2, [0.2, 0.2], 1, 0.2)];
        SpeedRow row = SpeedRow.Of(8, before, after);

        Assert.Equal(2000, row.Before.FirstToken, 1e-9);
        Assert.Equal(300, row.Before.PerToken, 1e-9); // of 0.2 and 0.4
        Assert.Equal(200, row.Before.DecodeBlocks, 1e-9); // of 0.1 and 0.3 a token
        Assert.Equal(494, row.Before.GapP99, 1e-9); // numpy.percentile([100, 300, 300, 500], 99)
        Assert.Equal(1.0, row.FirstTokenRatio, 1e-9);
        Assert.Equal(1.5, row.PerTokenRatio, 1e-9);
        Assert.Equal(1.0, row.PrefillBlocksRatio, 1e-9);
        Assert.Equal(2.0, row.DecodeBlocksRatio, 1e-9);
    }

    public void Dispose()
    {
        _mesh.Dispose();
        _folder.Dispose();
    }

    private SpeedReport Run(SpeedOptions options)
    {
        using var checkpoint = HuggingFaceCheckpoint.Open(_folder["model"]);
        using var before = ShardedModel.Load(checkpoint, _mesh, 16);
        using var after = ShardedModel.Load(checkpoint, _mesh, 16, dropped: [1, 2]);
        return new SpeedComparison(before, after, options).Run(new SilentProgress());
    }
}
