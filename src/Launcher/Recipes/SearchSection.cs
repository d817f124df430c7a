using System.ComponentModel.DataAnnotations;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>search</c>: which layers stay.</summary>
public sealed record SearchSection
{
    /// <summary>What chooses the layers. All but <c>e3-pruner</c> and <c>sheared-llama</c> leave the weights alone, read none of the fields below but how many layers go,
    /// and measure on the calibration sequences of section <c>importance</c>; recovery then has all training steps.</summary>
    public PruningMethod Method { get; init; } = PruningMethod.E3Pruner;

    /// <summary>Share of all training steps spent on the search. Paper: 0.1.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Fraction { get; init; } = 0.1;

    /// <summary>What is dropped: whole layers, or attention and MLP of every layer apart. Only <c>e3-pruner</c> has <c>branches</c>. Paper: layers.</summary>
    public PruningUnits Units { get; init; } = PruningUnits.Layers;

    /// <summary>
    /// What is counted: layers, by <see cref="DropLayers"/> or <see cref="KeepLayers"/>, a branch as half a layer; or parameters or measured time, by
    /// <see cref="DropShare"/>.
    /// </summary>
    public PruningBudget Budget { get; init; } = PruningBudget.Layers;

    /// <summary>With <c>budget: parameters</c> or <c>latency</c>, the share of all layers' parameters or time that what is dropped has at least.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double? DropShare { get; init; }

    /// <summary>Layers to drop; give this or <see cref="KeepLayers"/>.</summary>
    [Range(1, 10_000)]
    public int? DropLayers { get; init; }

    /// <summary>Layers to keep; give this or <see cref="DropLayers"/>.</summary>
    [Range(1, 10_000)]
    public int? KeepLayers { get; init; }

    /// <summary>Whether the first and the last layer always stay. Paper: true.</summary>
    public bool ProtectEnds { get; init; } = true;

    /// <summary>Softmax temperature at the first step. Not published; 4 suits <c>relax: smaller</c>, 1 to 2 <c>relax: keep</c>.</summary>
    [Range(0.0, 1000.0, MinimumIsExclusive = true)]
    public double Temperature { get; init; } = 4;

    /// <summary>Share of the temperature that is gone after the last search step. Paper: 0.9.</summary>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Anneal { get; init; } = 0.9;

    /// <summary>How the temperature falls. Paper: linear.</summary>
    public Annealing Annealing { get; init; } = Annealing.Linear;

    /// <summary>Whether Gumbel noise perturbs the scores of a draw. Paper: true.</summary>
    public bool Noise { get; init; } = true;

    /// <summary>Which side of the choice is relaxed to give the mask its gradient.</summary>
    public Relaxation Relax { get; init; } = Relaxation.Smaller;

    /// <summary>Share of the search after which the final number of dropped layers is reached. Paper: 1.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Ramp { get; init; } = 1;

    /// <summary>The layer scores and their optimiser.</summary>
    public ScoreSection Scores { get; init; } = new();

    /// <summary>How a mask is chosen by the loss, before the search or after it. Not the paper's.</summary>
    public RefineSection Refine { get; init; } = new();

    /// <summary>The gates of <c>sheared-llama</c>.</summary>
    public ShearedSection Sheared { get; init; } = new();

    /// <summary>The candidates of <c>darwinlm</c>.</summary>
    public DarwinSection Darwin { get; init; } = new();

    /// <summary>The merges of <c>come</c>.</summary>
    public ComeSection Come { get; init; } = new();

    /// <summary>Generated arithmetic problems that <c>iterative-task</c> judges by: others than those that evaluation asks.</summary>
    [Range(1, 1_000_000)]
    public int TaskItems { get; init; } = 200;

    /// <summary>Loss during the search.</summary>
    public ObjectiveKind Objective { get; init; } = ObjectiveKind.AdaptiveKd;

    /// <summary>Gumbel draws averaged in one step; 0 takes one for every eight micro-batches, or one where that does not divide.</summary>
    [Range(0, 65536)]
    public int DrawsPerStep { get; init; }
}
