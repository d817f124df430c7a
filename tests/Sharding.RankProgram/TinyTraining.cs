using System.Runtime.InteropServices;
using System.Security.Cryptography;
using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Methods.ShearedLlama;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Sharding.RankProgram;

/// <summary>A student on a mesh, with everything that a training step needs.</summary>
internal sealed class TinyTraining : IDisposable
{
    /// <summary>Steps of a whole run.</summary>
    public const int Steps = 20;

    /// <summary>Steps of a search.</summary>
    public const int SearchSteps = 10;

    /// <summary>Adapters on every kind of projection.</summary>
    public static LoraOptions Adapters { get; } = new()
    {
        Rank = 4,
        Alpha = 8,
        Targets = LoraTargets.Attention | LoraTargets.DenseMlp | LoraTargets.SharedExperts | LoraTargets.RoutedExperts,
    };

    private readonly Mesh _mesh;
    private readonly PackedCorpus _corpus;
    private readonly ShardedModel _model;
    private readonly CrossEntropyObjective _objective;
    private readonly StudentTrainer _trainer;
    private readonly IMaskLearner _learner;

    /// <summary>Builds the student.</summary>
    /// <param name="model">Which one.</param>
    /// <param name="mesh">Where it lies; not owned.</param>
    /// <param name="folder">Where the corpus is.</param>
    /// <param name="lora">Adapters, beside weights that are kept in FP8; or null to train every weight.</param>
    /// <param name="dtype">Type of weights and activations.</param>
    /// <param name="batchSequences">Sequences of a step, each a micro-batch of its own.</param>
    /// <param name="schedule">Of the pipeline.</param>
    /// <param name="placement">Where experts are; null for contiguous slices.</param>
    /// <param name="draws">
    /// Masks that a search draws for a step. Two for eight micro-batches serve up to four data ranks each at once, as an expert axis demands.
    /// </param>
    /// <param name="change">What else is to differ from the default options.</param>
    /// <param name="hasSoftGates">Whether a search learns Sheared-LLaMA's gates instead of E3-Pruner's scores.</param>
    /// <param name="units">What a search drops.</param>
    public TinyTraining(
        TinyModel model, Mesh mesh, string folder, LoraOptions? lora = null, ScalarType dtype = ScalarType.Float32, int batchSequences = 8,
        PipelineScheduleKind schedule = PipelineScheduleKind.OneForwardOneBackward, ExpertPlacement? placement = null,
        int draws = 2, Func<TrainOptions, TrainOptions>? change = null, bool hasSoftGates = false,
        PruningUnits units = PruningUnits.Layers)
    {
        _mesh = mesh;
        _corpus = PackedCorpus.Open(TinyCorpus.PathIn(folder));
        var frozen = lora is null ? FrozenStorage.Same : FrozenStorage.Fp8;
        _model = model.Shard(mesh, dtype, frozen, placement);
        _objective = new CrossEntropyObjective(_corpus);
        var options = new TrainOptions
        {
            Seed = 3,
            BatchSequences = batchSequences,
            MicroBatchSequences = 1,
            LearningRate = new CosineSchedule { Peak = 3e-3, WarmupSteps = 3, TotalSteps = Steps },
            // Some dozen buckets, whose ends fall into the midst of parameters.
            Optimizer = new OptimizerOptions { WeightDecay = 0.1, BucketMebibytes = 0.01 },
            Lora = lora,
            Frozen = frozen,
            DType = dtype,
            Schedule = schedule,
        };
        options = change?.Invoke(options) ?? options;
        _trainer = new StudentTrainer(_model, _corpus, options, _objective);
        _learner = hasSoftGates ? CreateGates(model.Config.LayerCount, options, draws) : CreateLearner(model.Config.LayerCount, options, draws, units);
    }

    public MeshOptimizer Optimizer => _trainer.Optimizer;

    /// <summary>This rank's part of what is trained.</summary>
    public IEnumerable<ModelParameter> Trainable => _model.Decoder.Parameters.Trainable;

    public LayerPartition Partition => _model.Partition;

    /// <summary>Brings layers to other stages.</summary>
    public void Move(LayerPartition target) => _model.MoveLayers(target, Optimizer);

    /// <summary>Measures the layers of this training from now on.</summary>
    public StageBalancer Balance(double threshold) => new(_model, threshold);

    /// <summary>Takes steps with all layers.</summary>
    public RunRecord Train(int first, int end) => Run(first, end, step => _trainer.Step(step));

    /// <summary>Takes all steps of a search, and brings its mask into the weights.</summary>
    public RunRecord SearchToTheEnd()
    {
        var record = Search(0, SearchSteps);
        _learner.Complete(_model, Optimizer, Judge());
        return record with { Losses = [.. record.Losses, .. Run(SearchSteps, SearchSteps + 1, step => _trainer.Step(step)).Losses] };
    }

    /// <summary>Takes steps of a search, of search after search when there are more than <see cref="SearchSteps"/>.</summary>
    public RunRecord Search(int first, int end)
    {
        double[] start_L = [.. _learner.Scores];
        var record = Run(first, end, SearchStep);
        return record with
        {
            Scores = [.. _learner.Scores],
            ScoreChange = [.. _learner.Scores.Zip(start_L, (now, before) => now - before)],
            Judged = Judged(),
            Kept = _learner.KeptNow((end - 1) % SearchSteps),
        };
    }

    private MaskJudge Judge() => new(_model, _corpus, _objective, _trainer.Plan, _learner.Units, SearchSteps) { Sequences = 6 };

    /// <summary>Losses of the mask that the search came to, of all layers, and of the mask without each of three more.</summary>
    private double[] Judged()
    {
        bool[] kept = _learner.KeptNow(SearchSteps - 1);
        var judge = Judge();
        return
        [
            .. judge.Losses([kept, [.. kept.Select(_ => true)]]),
            .. judge.LossesWithoutEach(kept, [.. Enumerable.Range(0, kept.Length).Where(unit => kept[unit]).Take(3)]),
        ];
    }

    public void Dispose()
    {
        _trainer.Dispose();
        _objective.Dispose();
        _model.Dispose();
        _corpus.Dispose();
    }

    private StepResult SearchStep(int step)
    {
        using var masks = _learner.Begin(step % SearchSteps);
        var result = _trainer.Step(step, masks.Gates, () => _learner.Reduce(masks));
        if (result.Applied)
            _learner.Update();
        return result;
    }

    private RunRecord Run(int first, int end, Func<int, StepResult> take)
    {
        var results = new List<StepResult> { take(first) };
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int step = first + 1; step < end; step++)
            results.Add(take(step));
        long growth = DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
        var growths = new long[_mesh.World.Size];
        _mesh.World.AllGather([growth], growths);
        return new RunRecord
        {
            Losses = [.. results.Select(result => result.Loss)],
            GradientNorms = [.. results.Select(result => result.GradientNorm)],
            StateHashes = _mesh.World.AllGatherString(HashState()),
            TensorGrowth = growths,
        };
    }

    private string HashState()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var region in Optimizer.State.Regions)
        {
            foreach (var piece in region.HeldPieces)
                hash.AppendData(MemoryMarshal.AsBytes(region.Master(piece)));
            foreach (var buffer in new[] { region.FirstMoment, region.SecondMoment })
                hash.AppendData(MemoryMarshal.AsBytes(buffer.Span(0, (int)buffer.Length)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private HardConcreteLearner CreateGates(int layers, TrainOptions options, int draws) => new(
        new ShearedLlamaOptions
        {
            TeacherFolder = "",
            CorpusFile = "",
            StoreFolder = "",
            OutputFolder = "",
            Train = options,
            Steps = SearchSteps,
            KeepLayers = layers - 2,
            DrawsPerStep = draws,
        },
        layers, [0, layers - 1], _mesh, _trainer.Plan);

    private MaskLearner CreateLearner(int layers, TrainOptions options, int draws, PruningUnits units)
    {
        double[] importance_L = [.. Enumerable.Range(0, layers * units.PerLayer()).Select(unit => 0.1 + 0.02 * unit / units.PerLayer())];
        var search = new SearchOptions
        {
            TeacherFolder = "",
            CorpusFile = "",
            StoreFolder = "",
            ImportanceFile = "",
            OutputFolder = "",
            Train = options,
            Steps = SearchSteps,
            KeepLayers = layers - 2,
            DrawsPerStep = draws,
            Units = units,
        };
        return new MaskLearner(search, importance_L, [.. units.OfLayer(0), .. units.OfLayer(layers - 1)], _mesh, _trainer.Plan);
    }
}
