using System.Diagnostics;
using System.Text.Json;
using E3Scale.IntegrationTests.Support;
using E3Scale.TestSupport;

namespace E3Scale.RealModels.Tests;

/// <summary>
/// The recipe for small models, capture to report under mpirun, on trained models. One run; ./build.sh --target=RealModels makes all.
/// </summary>
public sealed class PipelineTests(PipelineReport report) : IClassFixture<PipelineReport>
{
    private const int HeldOutStories = 60;

    public static TheoryData<string, string, int, bool, int[]> Runs => PipelineCases.Selected;

    [SkippableTheory]
    [MemberData(nameof(Runs))]
    public void Run_TrainedModel_FindsTheLayersAndRecovers(string model, string mesh, int dropLayers, bool protectsEnds, int[] inserted)
    {
        string teacher = SharedData.Require("data", "models", model);
        string[] stories = File.ReadAllLines(SharedData.Require("data", "text", "tinystories-600.jsonl"));
        using var folder = new TestFolder();
        File.WriteAllLines(folder["heldout.jsonl"], stories[..HeldOutStories]);
        File.WriteAllLines(folder["train.jsonl"], stories[HeldOutStories..]);
        string[] changes =
        [
            $"model.teacher={teacher}", $"corpus.paths=[{folder["train.jsonl"]}]", $"corpus.heldout=[{folder["heldout.jsonl"]}]",
            $"search.drop_layers={dropLayers}", $"search.protect_ends={JsonSerializer.Serialize(protectsEnds)}",
        ];

        long start = Stopwatch.GetTimestamp();
        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout,
        [
            "run", "--recipe", Path.Combine(SharedData.RepositoryRoot, "cluster", "recipes", "small-llama.yaml"), "--run-dir", folder["run"],
            .. MeshOf.Parse(mesh).Arguments(), .. changes.SelectMany(change => new[] { "--set", change }),
        ]).Expect(0);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        Assert.True(File.Exists(folder["run/report.html"]));
        PipelineResult result = PipelineResult.Read(folder["run"]) with
        {
            Model = model,
            Mesh = mesh,
            ProtectsEnds = protectsEnds,
            Inserted = inserted,
            Seconds = seconds,
        };
        if (inserted.Length > 0)
        {
            Assert.Equal(inserted, result.Dropped);
            // Without them the model is the trained one. Copies scaled by up to 0.1 do a little, and no good.
            Assert.Equal(result.TeacherLoss, result.PrunedLoss, model == "stories260K-id10" ? 1e-5 : 0.02);
            Assert.Equal(result.TeacherLoss, result.StudentLoss, 0.1);
        }
        else
        {
            // A fifth of the model is gone, and some 130,000 tokens are little to recover from that: a quarter of the gap at least.
            Assert.True(result.PrunedLoss - result.StudentLoss > 0.25 * (result.PrunedLoss - result.TeacherLoss), $"recovered too little: {result}");
        }
        report.Add(result);
    }
}
