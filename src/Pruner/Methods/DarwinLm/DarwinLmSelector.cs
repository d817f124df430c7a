using E3Scale.Data.Randomness;
using E3Scale.Pruner.Methods.Controls;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.DarwinLm;

/// <summary>
/// DarwinLM's evolution over sets of dropped layers (arXiv 2502.07780, in the depth-only form of arXiv 2410.14649): offspring exchange some dropped
/// layers for kept ones, and ever fewer of them are judged on ever more text by KL(teacher || candidate). The parent meets them in the last
/// selection only. With <see cref="DarwinLmOptions.TrainTokens"/> every candidate is trained a little before it is judged.
/// </summary>
/// <param name="options">Sizes of populations and texts.</param>
public sealed class DarwinLmSelector(DarwinLmOptions options) : ILayerSelector
{
    // Mutations that may fail to find a new set before a generation is left smaller: small models have few sets.
    private const int Attempts = 20;

    /// <inheritdoc/>
    public string Name => "darwinlm";

    /// <inheritdoc/>
    public bool NeedsGradients => options.TrainTokens.Any(tokens => tokens > 0);

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target)
    {
        long judged = options.Offspring + 1; // the parent is among those of the last selection
        for (int i = 1; i < options.Survivors.Count; i++)
            judged += options.Survivors[i - 1];
        return options.InitialCandidates + options.GenerationsFor(layers, target.Drop) * judged;
    }

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        int[] candidates = target.Candidates(probe.Layers);
        int generations = options.GenerationsFor(probe.Layers, target.Drop);
        var random = new CounterRandom(target.Seed, "darwinlm");
        int[] parent = Best(probe, Initial(candidates, target.Drop, ref random), 1, 0, ref random)[0];
        for (int generation = 0; generation < generations; generation++)
        {
            var population = Offspring(parent, candidates, ref random);
            for (int selection = 0; selection < options.Survivors.Count; selection++)
            {
                bool isLast = selection + 1 == options.Survivors.Count;
                population = Best(
                    probe, isLast ? [.. population, parent] : population, options.Survivors[selection], selection, ref random);
            }
            parent = population[0];
        }
        return LayerSelection.Of(parent, probe.Layers);
    }

    private List<int[]> Initial(int[] candidates, int drop, ref CounterRandom random)
    {
        var sets = new List<int[]>();
        for (int attempt = 0; attempt < options.InitialCandidates * Attempts && sets.Count < options.InitialCandidates; attempt++)
            AddNew(sets, RandomSelector.Draw(candidates, drop, ref random));
        return sets;
    }

    private List<int[]> Offspring(int[] parent, int[] candidates, ref CounterRandom random)
    {
        var sets = new List<int[]> { parent };
        int[] kept = [.. candidates.Except(parent)];
        int most = Math.Min(options.MaxSwaps, Math.Min(parent.Length, kept.Length));
        for (int attempt = 0; most > 0 && attempt < options.Offspring * Attempts && sets.Count <= options.Offspring; attempt++)
        {
            int swaps = Math.Min(most, 1 + Math.Min(random.NextInt(options.MaxSwaps), random.NextInt(options.MaxSwaps)));
            int[] leaving = RandomSelector.Draw(parent, swaps, ref random), coming = RandomSelector.Draw(kept, swaps, ref random);
            AddNew(sets, [.. parent.Except(leaving), .. coming]);
        }
        return sets[1..];
    }

    private static void AddNew(List<int[]> sets, int[] set)
    {
        int[] ascending = [.. set.Order()];
        if (!sets.Exists(known => known.SequenceEqual(ascending)))
            sets.Add(ascending);
    }

    /// <summary>The best sets on a fresh draw of the calibration text, the same for all of them.</summary>
    private List<int[]> Best(ILayerProbe probe, List<int[]> sets, int count, int selection, ref CounterRandom random)
    {
        int[] drawn = DrawBatches(probe, Math.Min(options.Tokens[selection], probe.Batches * probe.TokensPerBatch), ref random);
        long trained = selection < options.TrainTokens.Count ? options.TrainTokens[selection] : 0;
        int[] training = trained > 0 ? DrawBatches(probe, trained, ref random) : [];
        bool[][] models = [.. sets.Select(set => AllLayers.Without(probe.Layers, set))];
        double[] losses = training.Length > 0
            ? Array.ConvertAll(models, isKept => probe.Weights.LossAfterTraining(isKept, training, options.LearningRate, ProbeMetric.Kl, drawn))
            : probe.Losses(models, ProbeMetric.Kl, drawn);
        return [.. sets.Zip(losses).OrderBy(pair => pair.Second).Take(count).Select(pair => pair.First)];
    }

    /// <summary>Batches of so many positions, at least one; none comes again before all have come.</summary>
    private static int[] DrawBatches(ILayerProbe probe, long tokens, ref CounterRandom random)
    {
        int left = (int)Math.Max(1, (tokens + probe.TokensPerBatch - 1) / probe.TokensPerBatch);
        var drawn = new List<int>(left);
        for (; left > 0; left -= probe.Batches)
            drawn.AddRange(RandomSelector.Draw([.. Enumerable.Range(0, probe.Batches)], Math.Min(left, probe.Batches), ref random));
        return [.. drawn];
    }
}
