using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Training;

namespace E3Scale.Pruner.Search;

/// <summary>The first phase of E3-Pruner: mask and weights are learnt together. Defaults: METHODS 1.3 to 1.5.</summary>
public sealed record SearchOptions
{
    /// <summary>Micro-batches that share a draw by default.</summary>
    public const int MicroBatchesPerDraw = 8;

    /// <summary>Hugging Face folder of the teacher.</summary>
    public required string TeacherFolder { get; init; }

    /// <summary>Packed training corpus.</summary>
    public required string CorpusFile { get; init; }

    /// <summary>Store with the teacher's logits.</summary>
    public required string StoreFolder { get; init; }

    /// <summary>importance.json.</summary>
    public required string ImportanceFile { get; init; }

    /// <summary>Folder for mask.json, trajectory.jsonl, metrics.jsonl and checkpoints.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Weights' training; its learning rate runs over search and recovery together.</summary>
    public required TrainOptions Train { get; init; }

    /// <summary>Steps of the search.</summary>
    public required int Steps { get; init; }

    /// <summary>Layers that stay, protected ones included; null (default) where <see cref="DropShare"/> says how much goes.</summary>
    public int? KeepLayers { get; init; }

    /// <summary>
    /// Share of all layers' parameters that the dropped layers have at least, in (0, 1); null (default) where <see cref="KeepLayers"/> says how much
    /// goes. Dense layers and mixtures of experts then count by their sizes.
    /// </summary>
    public double? DropShare { get; init; }

    /// <summary>Whether the layers that importance.json protects, the first and the last, always stay. Default true, the paper's.</summary>
    public bool ProtectsEnds { get; init; } = true;

    /// <summary>What is minimised while searching. Default: the entropy-weighted distillation loss.</summary>
    public ObjectiveOptions Objective { get; init; } = new();

    /// <summary>Softmax temperature and how it falls.</summary>
    public TemperatureSchedule Temperature { get; init; } = new();

    /// <summary>Which side of the choice is relaxed. Default: the smaller.</summary>
    public Relaxation Relaxation { get; init; } = Relaxation.Smaller;

    /// <summary>Fraction of the search after which the full number of layers is dropped; 1 is the paper's. Default 1.</summary>
    public double Ramp { get; init; } = 1;

    /// <summary>Whether draws are perturbed by Gumbel noise. Without it every step follows the scores alone. Default true, the paper's.</summary>
    public bool Noise { get; init; } = true;

    /// <summary>How scores start.</summary>
    public ScoreInitialization Scores { get; init; } = new();

    /// <summary>What they start from. Default: leave-one-out KL, the paper's.</summary>
    public ImportanceMeasure Importance { get; init; } = ImportanceMeasure.Kl;

    /// <summary>The scores' own optimiser.</summary>
    public ScoreOptimizerOptions ScoreOptimizer { get; init; } = new();

    /// <summary>
    /// With several pipeline stages: measure what layers cost and balance the stages by it, those of the search and those of the recovery. False
    /// leaves them balanced by multiply-adds, which are the same in every run. Default true.
    /// </summary>
    public bool MeasuresLayers { get; init; } = true;

    /// <summary>
    /// How much cheaper, relative to what it would cost, the dearest pipeline stage must become for layers to move between stages during the
    /// search; 0 never moves them. Default 0.1: less is within the noise of a measurement.
    /// </summary>
    public double RebalanceThreshold { get; init; } = 0.1;

    /// <summary>
    /// Masks drawn per step: neighbouring micro-batches share one. 0 (default): one for every <see cref="MicroBatchesPerDraw"/>, or a single
    /// one where that does not divide their number. With an expert axis each draw must serve all data ranks, because ranks of an
    /// expert group need the same mask at the same time.
    /// </summary>
    public int DrawsPerStep { get; init; }
}
