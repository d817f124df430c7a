using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Training;

namespace E3Scale.Pruner.Search;

/// <summary>What every method takes that learns mask and weights together.</summary>
public abstract record MaskTrainingOptions
{
    /// <summary>Hugging Face folder of the teacher.</summary>
    public required string TeacherFolder { get; init; }

    /// <summary>Packed training corpus.</summary>
    public required string CorpusFile { get; init; }

    /// <summary>Store with the teacher's logits.</summary>
    public required string StoreFolder { get; init; }

    /// <summary>Folder for mask.json, trajectory.jsonl, metrics.jsonl and checkpoints.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Weights' training; its learning rate runs over search and recovery together.</summary>
    public required TrainOptions Train { get; init; }

    /// <summary>Steps of the search.</summary>
    public required int Steps { get; init; }

    /// <summary>Whether protected layers, the first and the last, always stay. Default true, E3-Pruner's.</summary>
    public bool ProtectsEnds { get; init; } = true;

    /// <summary>What is minimised while searching. Default: the entropy-weighted distillation loss.</summary>
    public ObjectiveOptions Objective { get; init; } = new();

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

    /// <summary>Training sequences that masks are judged on at the end, where the method judges any. Default 40.</summary>
    public virtual int JudgedSequences => new MaskRefinementOptions().Sequences;

    /// <summary>
    /// Masks drawn per step: neighbouring micro-batches share one. 0 (default): one for every <see cref="MaskSharing.MicroBatchesPerDraw"/>, or a
    /// single one where that does not divide their number. With an expert axis each draw must serve all data ranks, because ranks of an
    /// expert group need the same mask at the same time.
    /// </summary>
    public int DrawsPerStep { get; init; }
}
