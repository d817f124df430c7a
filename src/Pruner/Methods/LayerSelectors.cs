using E3Scale.Pruner.Methods.Clp;
using E3Scale.Pruner.Methods.Come;
using E3Scale.Pruner.Methods.Controls;
using E3Scale.Pruner.Methods.DarwinLm;
using E3Scale.Pruner.Methods.IterativeTask;
using E3Scale.Pruner.Methods.LeaveOneOut;
using E3Scale.Pruner.Methods.Minitron;
using E3Scale.Pruner.Methods.ShortenedLlama;
using E3Scale.Pruner.Methods.ShortGpt;
using E3Scale.Pruner.Methods.Sleb;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods;

/// <summary>The methods that choose layers of an untouched teacher, by name.</summary>
public static class LayerSelectors
{
    /// <summary>Makes a selector with its published settings.</summary>
    /// <param name="method">Which one; none that <see cref="PruningMethodExtensions.Trains"/>.</param>
    /// <param name="darwin">Settings of <see cref="PruningMethod.DarwinLm"/>; null for the default ones.</param>
    /// <param name="come">Settings of <see cref="PruningMethod.Come"/>; null for the default ones.</param>
    public static ILayerSelector Create(PruningMethod method, DarwinLmOptions? darwin = null, ComeOptions? come = null) => method switch
    {
        PruningMethod.ShortGpt => new ShortGptSelector(),
        PruningMethod.ShortGptIterative => new ShortGptSelector(isIterative: true),
        PruningMethod.Minitron => new MinitronSelector(),
        PruningMethod.MinitronContiguous => new MinitronSelector(MinitronCriterion.Contiguous),
        PruningMethod.Sleb => new SlebSelector(),
        PruningMethod.SlebKl => new SlebSelector(ProbeMetric.Kl),
        PruningMethod.ShortenedLlamaPpl => new PerplexitySelector(),
        PruningMethod.ShortenedLlamaTaylor => new TaylorSelector(),
        PruningMethod.ShortenedLlamaMagnitude => new MagnitudeSelector(),
        PruningMethod.LeaveOneOut => new LeaveOneOutSelector(),
        PruningMethod.Clp => new ClpSelector(),
        PruningMethod.ClpGate => new ClpGateSelector(new ClpGateOptions()),
        PruningMethod.DarwinLm => new DarwinLmSelector(darwin ?? new DarwinLmOptions()),
        PruningMethod.Come => new ComeSelector(come ?? new ComeOptions()),
        PruningMethod.IterativeTask => new IterativeTaskSelector(),
        PruningMethod.Random => new RandomSelector(),
        PruningMethod.UniformStride => new UniformStrideSelector(),
        PruningMethod.Exhaustive => new ExhaustiveSelector(),
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "not a method that chooses layers of an untouched teacher"),
    };
}
