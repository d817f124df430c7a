using E3Scale.Sharding.RankProgram;

namespace E3Scale.Sharding.Tests.Meshes;

public sealed class SamplingTests
{
    [SkippableFact]
    public void Generate_Sampled_DrawsTheSameTokensOnEveryMesh()
    {
        using var job = RankProgramJob.Run(SamplingRuns.WorldSize, Scenarios.Sampling);
        job.RequireSuccess(SamplingRuns.WorldSize);

        int[][][] answers = [.. SamplingRuns.Meshes.Select(shape => RankProgramJob.Read<int[][]>(SamplingRuns.ResultFile(job.Folder, shape)))];

        Assert.All(answers, other => Assert.Equal(answers[0], other));
        Assert.True(answers[0].SelectMany(answer => answer).Distinct().Count() > 10); // no few tokens over and over
    }
}
