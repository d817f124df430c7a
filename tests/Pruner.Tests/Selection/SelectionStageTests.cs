using System.Text.Json;
using E3Scale.Pruner.Methods;
using E3Scale.Pruner.Methods.DarwinLm;
using E3Scale.Pruner.Methods.IterativeTask;
using E3Scale.Pruner.Methods.ShortenedLlama;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;
using E3Scale.TestSupport;

namespace E3Scale.Pruner.Tests.Selection;

public sealed class SelectionStageTests
{
    /// <summary>Methods that look at what layers do. Those that cut one contiguous piece cannot find layers that lie apart.</summary>
    public static IEnumerable<object[]> Cases =>
        from model in new[] { "stories260K-id10", "babyllama105-near12" }
        from method in new[]
        {
            PruningMethod.ShortGpt, PruningMethod.ShortGptIterative, PruningMethod.Minitron, PruningMethod.Sleb, PruningMethod.SlebKl,
            PruningMethod.ShortenedLlamaPpl, PruningMethod.ShortenedLlamaTaylor, PruningMethod.LeaveOneOut, PruningMethod.DarwinLm, PruningMethod.IterativeTask,
        }
        select new object[] { model, method };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Run_ModelWithInsertedLayers_DropsExactlyThose(string model, PruningMethod method)
    {
        string teacher = SharedData.Require("data", "models", model);
        using var layers = JsonDocument.Parse(File.ReadAllText(Path.Combine(teacher, "layers.json")));
        int[] inserted = [.. layers.RootElement.GetProperty("inserted").EnumerateArray().Select(layer => layer.GetInt32())];
        int count = layers.RootElement.GetProperty("layers").GetArrayLength();
        using TestFolder output = new();
        TokenCorpus.Write(output["corpus.bin"], StoryTokens.Of(teacher, sequences: 8, positions: 64));
        Directory.CreateDirectory(output["search"]);
        var result = Stage(method, teacher, output, keep: count - inserted.Length).Run();

        Assert.Equal(inserted, result.Dropped);
        Assert.Equal(inserted, result.DropOrder.Order());
        Assert.Equal((count, 0, 0L), (result.Layers, result.Steps, result.Tokens));
        Assert.True(result.ForwardTokens + result.GradientTokens > 0);
        Assert.Equal(LayerSelectors.Create(method).Name, result.Method);
        Assert.Equal(result.Dropped, JsonFile.Read<MaskResult>(Path.Combine(output["search"], "mask.json"), "search").Dropped);
    }

    [Fact]
    public void Run_MoreSetsThanCanBeTried_SaysWhichMethod()
    {
        using TestFolder output = new();
        SmallModel.Write(output["model"], SmallModel.Llama(layers: 24));
        TokenCorpus.Write(output["corpus.bin"], sequences: 2, positions: 8, SmallModel.Vocabulary);
        Directory.CreateDirectory(output["search"]);

        var error = Assert.Throws<StageInputException>(() => Stage(PruningMethod.Exhaustive, output["model"], output, keep: 12).Run());
        Assert.StartsWith("exhaustive: ", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(output["search"], "mask.json")));
    }

    private static SelectionStage Stage(PruningMethod method, string teacher, TestFolder output, int keep) => new(
        method switch
        {
            // An evolution of a tenth of the usual size: half a minute otherwise.
            PruningMethod.DarwinLm => new DarwinLmSelector(new DarwinLmOptions { InitialCandidates = 16, Offspring = 12, Generations = 20, Tokens = [256, 512] }),
            // Some of the inserted layers lie where the published form drops none.
            PruningMethod.ShortenedLlamaTaylor => new TaylorSelector(sparesEdges: false),
            _ => LayerSelectors.Create(method),
        },
        new SelectionOptions
        {
            TeacherFolder = teacher, CorpusFile = output["corpus.bin"], OutputFolder = output["search"], KeepLayers = keep, ProtectsEnds = false,
            // The second half of a story after the first.
            Task = method == PruningMethod.IterativeTask
                ? new AnswerMetric([.. StoryTokens.Of(teacher, sequences: 8, positions: 64).Select(Halves)], 8)
                : null,
        },
        OneRank.Environment());

    private static TaskItem Halves(long[] row)
    {
        int[] ids = Array.ConvertAll(row, id => (int)id);
        return new TaskItem(ids[..(ids.Length / 2)], ids[(ids.Length / 2)..]);
    }
}
