using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: R = rows of all experts here, H = hidden.

/// <summary>The routed experts of a layer that this rank holds, run as one operation on rows sorted by expert.</summary>
/// <param name="experts">Held experts, in the order of their number.</param>
internal sealed class GroupedExperts(IReadOnlyList<GatedMlp> experts)
{
    /// <summary>The experts.</summary>
    public IReadOnlyList<GatedMlp> Experts => experts;

    /// <summary>Whether gradients of everything that trains here are added to sums: then nobody has to hand them on.</summary>
    public bool SumsGradients => experts.All(expert => expert.Projections.All(projection => projection.SumsGradients));

    /// <summary>down(silu(gate x) * up x) with the weights of each row's expert; adapters take part.</summary>
    /// <param name="rows_RH">Rows sorted by expert.</param>
    /// <param name="rowsPerExpert">Rows of each expert here; sums to R.</param>
    /// <returns>[R, H]; owned by the current dispose scope.</returns>
    public Tensor Forward(Tensor rows_RH, int[] rowsPerExpert)
    {
        if (!is_grad_enabled())
            return GroupedExpertsFunction.apply([rows_RH, this, rowsPerExpert]);
        // Only what trains has to be an argument: the graph asks for its gradient. Frozen weights are read from their projections.
        var trainable = experts.Where((_, e) => rowsPerExpert[e] > 0).SelectMany(expert => expert.Projections)
            .SelectMany(projection => projection.TrainableParts);
        return GroupedExpertsFunction.apply([rows_RH, this, rowsPerExpert, .. trainable]);
    }
}
