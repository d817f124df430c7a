using E3Scale.TestSupport;

namespace E3Scale.IntegrationTests.Support;

/// <summary>A mesh, as the command line sets it.</summary>
internal readonly record struct MeshOf(int Pipeline, int Expert, int Data)
{
    /// <summary>One rank.</summary>
    public static readonly MeshOf OneRank = new(1, 1, 1);

    /// <summary>Two pipeline stages.</summary>
    public static readonly MeshOf TwoStages = new(2, 1, 1);

    /// <summary>Ranks of the job.</summary>
    public int Ranks => Pipeline * Data;

    /// <summary>A mesh in the form of <see cref="ToString"/>.</summary>
    public static MeshOf Parse(string text) =>
        text.Split('x').Select(int.Parse).ToArray() is [var pipeline, var expert, var data]
            ? new MeshOf(pipeline, expert, data)
            : throw new FormatException(text);

    /// <summary>A mesh of so many ranks, 1 or 2.</summary>
    public static MeshOf For(int ranks) => ranks == 1 ? OneRank : TwoStages;

    /// <summary>Changes a recipe to this mesh. Skips the test when it needs an MPI that is not there.</summary>
    public string[] Arguments()
    {
        if (Ranks > 1)
            MpiRun.RequireAny();
        string[] changes =
        [
            $"mesh.pipeline={Pipeline}", $"mesh.expert={Expert}", $"mesh.data={Data}",
            "mesh.layer_costs=estimated", // runs are compared bit for bit, and measured times differ between them
        ];
        return [.. changes.SelectMany(change => new[] { "--set", change })];
    }

    public override string ToString() => $"{Pipeline}x{Expert}x{Data}";
}
