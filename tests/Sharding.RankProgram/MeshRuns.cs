using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Training;

namespace E3Scale.Sharding.RankProgram;

/// <summary>The same work on several meshes, one after the other on the first ranks of the job.</summary>
internal static class MeshRuns
{
    public const string Inference = "inference";
    public const string Full = "full";
    public const string Lora = "lora";
    public const string Search = "search";
    public const string BranchSearch = "branch-search";
    public const string Tied = "tied";
    public const string Recomputed = "recomputed";
    public const string RecomputedSearch = "recomputed-search";
    public const string WholeStates = "whole-states";
    public const string ResumedWhole = "resumed-whole";

    /// <summary>As <see cref="Full"/> and <see cref="Lora"/>, on meshes with a pipeline.</summary>
    public const string FullZeroBubble = "full-zero-bubble", LoraZeroBubble = "lora-zero-bubble";
    public const string Resumed = "resumed";
    public const string ResumedElsewhere = "resumed-elsewhere";
    public const string Scattered = "scattered";
    public const string ResumedScattered = "resumed-scattered";
    public const string Sheared = "sheared";
    public const string Probes = "probes";
    public const string InferenceWithCopies = "inference-with-copies";

    /// <summary>Steps before the checkpoint.</summary>
    public const int StepsBefore = TinyTraining.Steps / 2;

    public static MeshShape OneRank { get; } = new(1, 1, 1);

    public static MeshShape TwoStages { get; } = new(2, 1, 1);

    public static MeshShape TwoExpertRanks { get; } = new(1, 2, 2);

    public static MeshShape AllAxes { get; } = new(2, 2, 2);

    /// <summary>The only one where two ranks hold the same experts.</summary>
    public static MeshShape TwoCopiesOfExperts { get; } = new(1, 2, 4);

    /// <summary>Every mesh, and the one whose checkpoint it goes on from: each axis is both cut and joined by some pair.</summary>
    public static IReadOnlyList<(MeshShape Mesh, MeshShape CheckpointOf)> Meshes { get; } =
    [
        (OneRank, AllAxes), (TwoStages, TwoExpertRanks), (TwoExpertRanks, TwoStages), (AllAxes, OneRank), (TwoCopiesOfExperts, TwoExpertRanks),
    ];

    /// <summary>Ranks of the job: the largest mesh.</summary>
    public static int WorldSize => Meshes.Max(pair => pair.Mesh.WorldSize);

    /// <summary>Where the <see cref="RunRecord"/> or <see cref="InferenceRecord"/> of a run is.</summary>
    public static string ResultFile(string folder, string run, MeshShape shape) =>
        Path.Combine(folder, $"{run}-{shape.Pipeline}{shape.Expert}{shape.Data}.json");

    /// <summary>Runs everything. Collective over the world.</summary>
    public static void Run(Communicator world, string folder)
    {
        foreach (var (shape, _) in Meshes)
            OnFirstRanks(world, shape, mesh => RunMesh(mesh, folder));
        foreach (var (shape, source) in Meshes)
            OnFirstRanks(world, shape, mesh => Write(folder, ResumedElsewhere, mesh, Resume(mesh, folder, source)));
    }

    private static void RunMesh(Mesh mesh, string folder)
    {
        Write(folder, Inference, mesh, TinyInference.Run(TinyModel.DeepSeek, mesh, folder));
        Write(folder, Probes, mesh, TinyProbes.Run(TinyModel.DeepSeek, mesh, folder));
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder))
        {
            var before = training.Train(0, StepsBefore);
            using var checkpoints = CheckpointsOf(mesh.Shape, mesh, folder);
            checkpoints.Save(StepsBefore, training.Optimizer, [], kept: 1);
            var after = training.Train(StepsBefore, TinyTraining.Steps);
            Write(folder, Full, mesh, after with
            {
                Losses = [.. before.Losses, .. after.Losses],
                GradientNorms = [.. before.GradientNorms, .. after.GradientNorms],
            });
            checkpoints.Complete();
        }
        Write(folder, Resumed, mesh, Resume(mesh, folder, mesh.Shape));
        Write(folder, ResumedWhole, mesh, Resume(mesh, folder, mesh.Shape, change: WithWholeStates));
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, change: WithWholeStates))
            Write(folder, WholeStates, mesh, training.Train(0, TinyTraining.Steps));
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, change: WithRecomputation))
            Write(folder, Recomputed, mesh, training.Train(0, StepsBefore));
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, change: WithRecomputation))
            Write(folder, RecomputedSearch, mesh, training.Search(0, TinyTraining.SearchSteps));
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, TinyTraining.Adapters))
            Write(folder, Lora, mesh, training.Train(0, TinyTraining.Steps));
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder))
            Write(folder, Search, mesh, training.Search(0, TinyTraining.SearchSteps));
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, units: PruningUnits.Branches))
            Write(folder, BranchSearch, mesh, training.Search(0, TinyTraining.SearchSteps));
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, hasSoftGates: true))
            Write(folder, Sheared, mesh, training.SearchToTheEnd());
        if (mesh.Shape.Pipeline > 1)
            RunZeroBubble(mesh, folder);
        if (mesh.Shape.Expert > 1)
            RunPlaced(mesh, folder);
        if (mesh.Shape.Expert == 1)
            using (var training = new TinyTraining(TinyModel.TiedLlama, mesh, folder))
                Write(folder, Tied, mesh, training.Train(0, TinyTraining.Steps));
    }

    private static void RunZeroBubble(Mesh mesh, string folder)
    {
        foreach (var (run, lora) in new[] { (FullZeroBubble, null), (LoraZeroBubble, TinyTraining.Adapters) })
            using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, lora, schedule: PipelineScheduleKind.ZeroBubble))
                Write(folder, run, mesh, training.Train(0, TinyTraining.Steps));
    }

    /// <summary>Experts elsewhere than in contiguous slices.</summary>
    private static void RunPlaced(Mesh mesh, string folder)
    {
        var scattered = TinyModel.DeepSeek.Scatter(mesh.Shape.Expert);
        using (var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, placement: scattered))
            Write(folder, Scattered, mesh, training.Train(0, TinyTraining.Steps));
        Write(folder, ResumedScattered, mesh, Resume(mesh, folder, mesh.Shape, scattered));
        var copied = TinyModel.DeepSeek.Scatter(mesh.Shape.Expert, copied: true);
        Write(folder, InferenceWithCopies, mesh, TinyInference.Run(TinyModel.DeepSeek, mesh, folder, copied));
    }

    private static TrainOptions WithWholeStates(TrainOptions options) => options with { Optimizer = options.Optimizer with { ShardsStates = false } };

    private static TrainOptions WithRecomputation(TrainOptions options) => options with { Recomputation = Recomputation.Layer };

    private static RunRecord Resume(
        Mesh mesh, string folder, MeshShape checkpointOf, ExpertPlacement? placement = null, Func<TrainOptions, TrainOptions>? change = null)
    {
        using var training = new TinyTraining(TinyModel.DeepSeek, mesh, folder, placement: placement, change: change);
        using var checkpoints = CheckpointsOf(checkpointOf, mesh, folder);
        int step = checkpoints.FindNewest() ?? throw new InvalidOperationException($"no checkpoint of mesh {checkpointOf}");
        checkpoints.Load(step, training.Optimizer);
        return training.Train(step, TinyTraining.Steps);
    }

    private static TrainCheckpoint CheckpointsOf(MeshShape shape, Mesh mesh, string folder) =>
        new(Path.Combine(folder, $"checkpoints-{shape.Pipeline}{shape.Expert}{shape.Data}"), mesh);

    private static void Write<T>(string folder, string run, Mesh mesh, T record)
    {
        if (mesh.World.Rank == 0)
            JsonFile.Write(ResultFile(folder, run, mesh.Shape), record);
    }

    /// <summary>Runs work on a mesh of the first ranks, while the others wait.</summary>
    internal static void OnFirstRanks(Communicator world, MeshShape shape, Action<Mesh> work, RankDevice? device = null)
    {
        using var ranks = world.Split(world.Rank < shape.WorldSize ? 0 : 1, world.Rank);
        if (world.Rank < shape.WorldSize)
        {
            using var mesh = new Mesh(ranks, shape, device);
            work(mesh);
        }
        world.Barrier();
    }
}
