using System.Diagnostics;
using E3Scale.Evaluation.Generation;
using E3Scale.Sharding;

namespace E3Scale.Benchmarks;

/// <summary>Greedy generation from made-up prompts, with the time of every token.</summary>
internal static class GenerationSample
{
    /// <summary>Prompts of the same length and different tokens.</summary>
    /// <param name="count">How many.</param>
    /// <param name="length">Tokens of each.</param>
    /// <param name="vocabulary">Tokens are below it.</param>
    public static int[][] Prompts(int count, int length, int vocabulary) => [.. Enumerable.Range(0, count).Select(
        i => (int[])[.. Enumerable.Range(0, length).Select(t => (int)((i * 7919L + t) * 2654435761L % vocabulary))])];

    /// <summary>Continues prompts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompts">Of this data rank.</param>
    /// <param name="newTokens">How many each; at least one.</param>
    /// <returns>Seconds to the first token, and from each token to the next.</returns>
    public static (double First, IReadOnlyList<double> Gaps) Run(ShardedModel model, int[][] prompts, int newTokens)
    {
        List<double> ends = [];
        long start = Stopwatch.GetTimestamp();
        new TextGenerator(model, endToken: null) { AfterStep = _ => ends.Add(Stopwatch.GetElapsedTime(start).TotalSeconds) }.Generate(prompts, newTokens);
        return (ends[0], [.. ends.Skip(1).Zip(ends, (end, before) => end - before)]);
    }
}
