using E3Scale.Mpi;

namespace E3Scale.Sharding.RankProgram;

/// <summary>The work of a rank by name.</summary>
internal static class Scenarios
{
    /// <summary>Everything that is compared between meshes; leaves results by <see cref="MeshRuns.ResultFile"/>.</summary>
    public const string Meshes = "meshes";

    /// <summary>Expert dispatch over the ranks against the same experts on one rank; leaves <see cref="DispatchRuns.ResultFile"/>.</summary>
    public const string Dispatch = "dispatch";

    /// <summary>Training while layers move between stages; leaves <see cref="RepartitionRuns.ResultFile"/>.</summary>
    public const string Repartition = "repartition";

    /// <summary>Schedules with large messages; leaves <see cref="PipelineRuns.ResultFile"/>.</summary>
    public const string Pipeline = "pipeline";

    /// <summary>Training and search in many ways, each of which needs all ranks; leaves <see cref="ParityRuns.ReadRecords"/>.</summary>
    public const string Parity = "parity";

    /// <summary>The same work on several devices; leaves results by <see cref="DeviceRuns.ResultFile"/>.</summary>
    public const string Devices = "devices";

    /// <summary>Sampled text on several meshes; leaves <see cref="SamplingRuns.ResultFile"/>.</summary>
    public const string Sampling = "sampling";

    /// <summary>A mesh of two ranks, whatever the world.</summary>
    public const string MeshOfTwo = "mesh-of-two";

    public static void Run(string scenario, Communicator world, string folder)
    {
        switch (scenario)
        {
            case Meshes:
                MeshRuns.Run(world, folder);
                break;
            case Dispatch:
                DispatchRuns.Run(world, folder);
                break;
            case Repartition:
                RepartitionRuns.Run(world, folder);
                break;
            case Pipeline:
                PipelineRuns.Run(world, folder);
                break;
            case Parity:
                ParityRuns.Run(world, folder);
                break;
            case Devices:
                DeviceRuns.Run(world, folder);
                break;
            case Sampling:
                SamplingRuns.Run(world, folder);
                break;
            case MeshOfTwo:
                using (new Mesh(world, new MeshShape(2, 1, 1)))
                    world.Barrier();
                break;
            default:
                throw new ArgumentException($"no scenario '{scenario}'", nameof(scenario));
        }
    }
}
