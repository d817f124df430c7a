using E3Scale.Sharding.RankProgram;

namespace E3Scale.Sharding.Tests.Meshes;

/// <summary>One job that runs everything on every mesh; started by the first test that asks, shared by all.</summary>
public sealed class MeshJob : IDisposable
{
    private readonly Lazy<RankProgramJob> _job = new(() => RankProgramJob.Run(MeshRuns.WorldSize, Scenarios.Meshes));

    /// <summary>A training run; skips the test when this machine has no MPI.</summary>
    internal RunRecord Training(string run, MeshShape shape) => Read<RunRecord>(run, shape);

    /// <summary>The forward passes; skips the test when this machine has no MPI.</summary>
    internal InferenceRecord Inference(MeshShape shape, string run = MeshRuns.Inference) => Read<InferenceRecord>(run, shape);

    /// <summary>What a probe said about the weights; skips the test when this machine has no MPI.</summary>
    internal ProbeRecord Probes(MeshShape shape) => Read<ProbeRecord>(MeshRuns.Probes, shape);

    public void Dispose()
    {
        if (_job.IsValueCreated)
            _job.Value.Dispose();
    }

    private T Read<T>(string run, MeshShape shape)
    {
        _job.Value.RequireSuccess(MeshRuns.WorldSize);
        return RankProgramJob.Read<T>(MeshRuns.ResultFile(_job.Value.Folder, run, shape));
    }
}
