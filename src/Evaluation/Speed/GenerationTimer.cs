using System.Diagnostics;
using E3Scale.Evaluation.Generation;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;
using TorchSharp;

namespace E3Scale.Evaluation.Speed;

/// <summary>Times greedy generation with a cache on one model.</summary>
/// <param name="model">The model.</param>
internal sealed class GenerationTimer(ShardedModel model)
{
    /// <summary>Generates a batch. Collective over the world.</summary>
    /// <param name="prompts">Prompts of one length.</param>
    /// <param name="newTokens">At least 2.</param>
    /// <returns>The same on every rank: of each time the longest.</returns>
    public GenerationTiming Measure(IReadOnlyList<int[]> prompts, int newTokens)
    {
        // On a GPU timing a layer means waiting for it, which would slow what is timed as a whole.
        bool areApart = model.Decoder.Device.type == DeviceType.CUDA;
        var blocks = new double[newTokens];
        double[] ends = Generate(prompts, newTokens, areApart ? null : blocks);
        if (areApart)
            _ = Generate(prompts, newTokens, blocks);
        var world = model.Mesh.World;
        world.AllReduce<double>(ends, ReduceOperation.Max);
        world.AllReduce<double>(blocks, ReduceOperation.Sum); // over the stages, and over replicas that did the same
        double replicas = model.Mesh.Shape.Data;
        return new GenerationTiming(
            ends[0], [.. ends.Skip(1).Zip(ends, (end, before) => end - before)], blocks[0] / replicas, blocks.Skip(1).Sum() / replicas);
    }

    /// <summary>Seconds from the start to each token.</summary>
    private double[] Generate(IReadOnlyList<int[]> prompts, int newTokens, double[]? blocks)
    {
        var ends = new List<double>(newTokens);
        model.Decoder.AfterLayerPass = blocks is null ? null : pass => blocks[ends.Count] += pass.Seconds;
        try
        {
            model.Mesh.World.Barrier();
            long start = Stopwatch.GetTimestamp();
            // No end token: the model is to be measured, not its answers.
            new TextGenerator(model, endToken: null) { AfterStep = _ => ends.Add(Stopwatch.GetElapsedTime(start).TotalSeconds) }.Generate(prompts, newTokens);
        }
        finally
        {
            model.Decoder.AfterLayerPass = null;
        }
        return [.. ends];
    }
}
