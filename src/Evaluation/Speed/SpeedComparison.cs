using E3Scale.Data.Randomness;
using E3Scale.Sharding;

namespace E3Scale.Evaluation.Speed;

/// <summary>
/// Measures prefill and decode before and after pruning (METHODS 15): both models generate the same batches in turn, so that a busy machine slows
/// both, and the time of the transformer layers is taken apart from that of embedding and head, which do not shrink.
/// </summary>
/// <param name="before">The model before pruning.</param>
/// <param name="after">The one after, on the same mesh.</param>
/// <param name="options">What is generated.</param>
public sealed class SpeedComparison(ShardedModel before, ShardedModel after, SpeedOptions options)
{
    /// <summary>Measures all batch sizes. Collective over the world.</summary>
    /// <param name="progress">Told how many generations are done.</param>
    /// <exception cref="ArgumentException">Fewer than 2 tokens are to be generated, or the texts are longer than the models' context.</exception>
    public SpeedReport Run(IStageProgress progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        Check();
        progress.Begin("speed", 2L * options.Batches.Count * (options.Rounds + 1), "generations");
        long done = 0;
        var rows = new List<SpeedRow>();
        GenerationTimer timeBefore = new(before), timeAfter = new(after);
        foreach (int batch in options.Batches)
        {
            int[][] prompts = Prompts(batch);
            List<GenerationTiming> ofBefore = [], ofAfter = [];
            for (int round = 0; round <= options.Rounds; round++)
            {
                ofBefore.Add(timeBefore.Measure(prompts, options.NewTokens));
                ofAfter.Add(timeAfter.Measure(prompts, options.NewTokens));
                progress.Report(done += 2, $"batch {batch}");
            }
            rows.Add(SpeedRow.Of(batch, ofBefore[1..], ofAfter[1..])); // the first one warmed up
        }
        progress.End();
        return new SpeedReport
        {
            LayersBefore = Layers(before),
            LayersAfter = Layers(after),
            PromptTokens = options.PromptTokens,
            NewTokens = options.NewTokens,
            Rounds = options.Rounds,
            Rows = rows,
        };
    }

    private void Check()
    {
        if (options.NewTokens < 2)
            throw new ArgumentException($"{options.NewTokens} new tokens; the first one belongs to the prompt, so at least 2 are needed.");
        int context = Math.Min(before.Config.MaxPositions, after.Config.MaxPositions);
        if (options.PromptTokens < 1 || options.PromptTokens + options.NewTokens > context)
            throw new ArgumentException(
                $"prompts of {options.PromptTokens} tokens and {options.NewTokens} new ones; the models were made for {context}. Ask for less.");
    }

    private int[][] Prompts(int batch)
    {
        var random = new CounterRandom(options.Seed, "speed prompts", step: (ulong)batch);
        int vocabulary = Math.Min(before.Config.VocabularySize, after.Config.VocabularySize);
        int[][] prompts = new int[batch][];
        for (int row = 0; row < batch; row++)
        {
            prompts[row] = new int[options.PromptTokens];
            for (int t = 0; t < options.PromptTokens; t++)
                prompts[row][t] = random.NextInt(vocabulary);
        }
        return prompts;
    }

    private static int Layers(ShardedModel model) => model.Partition.Stages.Sum(stage => stage.Count);
}
