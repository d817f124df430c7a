using E3Scale.Evaluation.Generation;
using E3Scale.Mpi;

namespace E3Scale.Sharding.RankProgram;

/// <summary>Sampled continuations of the same prompts on several meshes, one after the other on the first ranks of the job.</summary>
internal static class SamplingRuns
{
    /// <summary>Ranks of the job: the largest mesh.</summary>
    public const int WorldSize = 2;

    /// <summary>Odd, so that two data ranks get unequal numbers of prompts.</summary>
    private const int PromptCount = 5;

    private const int AnswerLength = 12;

    /// <summary>One rank, and each axis that two can have.</summary>
    public static IReadOnlyList<MeshShape> Meshes { get; } = [MeshRuns.OneRank, MeshRuns.TwoStages, new(1, 1, 2), MeshRuns.TwoExpertRanks];

    /// <summary>Where the tokens of every prompt are.</summary>
    public static string ResultFile(string folder, MeshShape shape) => MeshRuns.ResultFile(folder, "sampling", shape);

    /// <summary>Runs all of them. Collective over the world.</summary>
    public static void Run(Communicator world, string folder)
    {
        foreach (MeshShape shape in Meshes)
            MeshRuns.OnFirstRanks(world, shape, mesh =>
            {
                int[][] answers = Sample(mesh);
                if (mesh.World.Rank == 0)
                    JsonFile.Write(ResultFile(folder, shape), answers);
            });
    }

    /// <summary>Data ranks share the prompts out; the last stage of each puts its answers to the others'.</summary>
    private static int[][] Sample(Mesh mesh)
    {
        using var model = TinyModel.DeepSeek.Shard(mesh);
        int[] mine = [.. Enumerable.Range(0, PromptCount).Where(i => i % mesh.Shape.Data == mesh.DataRank)];
        var generator = new TextGenerator(model, endToken: null) { Sampling = new TokenSampling { Temperature = 1, Seed = 3 } };
        int[][] answers = generator.Generate([.. mine.Select(i => new[] { i + 1, 2 * i + 1 })], AnswerLength, [.. mine.Select(i => (ulong)i)]);
        int[] all = new int[PromptCount * AnswerLength];
        for (int i = 0; i < mine.Length && mesh.IsLastStage; i++)
            answers[i].CopyTo(all, mine[i] * AnswerLength);
        mesh.World.AllReduce<int>(all, ReduceOperation.Sum);
        return [.. all.Chunk(AnswerLength)];
    }
}
