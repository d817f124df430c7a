using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: R = rows of all experts, n = rows of one expert, H = hidden, I = inner width of an expert.

/// <summary>
/// All gated MLPs of <see cref="GroupedExperts"/> in one node of the graph: products write straight into the rows of a common result, so
/// that no slice is copied and no expert has operations of its own in the graph. Equals <see cref="GatedMlp.Forward"/> expert by expert.
/// </summary>
/// <remarks>The inner activation is computed again in the backward pass: of a row, gate and up are kept, and x where something trains.</remarks>
internal sealed class GroupedExpertsFunction : autograd.SingleTensorFunction<GroupedExpertsFunction>
{
    private const int FixedArguments = 3;

    public override string Name => nameof(GroupedExpertsFunction);

    /// <summary>
    /// Arguments: x_RH, the <see cref="GroupedExperts"/>, rows per expert, then what trains of every expert that has rows, in the order of
    /// <see cref="Projection.TrainableParts"/>. Returns y_RH.
    /// </summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x_RH, group, rowsPerExpert) = (((Tensor)vars[0]).contiguous(), (GroupedExperts)vars[1], (int[])vars[2]);
        ctx.save_data("experts", group);
        ctx.save_data("rows", rowsPerExpert);
        ctx.save_data("needs_input", ((Tensor)vars[0]).requires_grad);
        ctx.save_data("arguments", vars.Length);
        if (group.Experts.Count == 0)
            return x_RH.clone(); // no rows either, but the graph goes through here
        long rows = x_RH.shape[0];
        var first = group.Experts[0];
        var gate_RI = empty([rows, first.Gate.Outputs], dtype: x_RH.dtype, device: x_RH.device);
        var up_RI = empty_like(gate_RI);
        var y_RH = empty([rows, first.Down.Outputs], dtype: x_RH.dtype, device: x_RH.device);
        foreach (var (expert, start, count) in WithRows(group, rowsPerExpert))
        {
            expert.Gate.WriteForward(x_RH, gate_RI, start, count);
            expert.Up.WriteForward(x_RH, up_RI, start, count);
        }
        var inner_RI = SwiGlu.Forward(gate_RI, up_RI);
        foreach (var (expert, start, count) in WithRows(group, rowsPerExpert))
            expert.Down.WriteForward(inner_RI, y_RH, start, count);

        // Only gradients of weights need x: where all are frozen it is not kept.
        bool trains = vars.Length > FixedArguments;
        ctx.save_for_backward(trains ? [gate_RI, up_RI, x_RH] : [gate_RI, up_RI]);
        ctx.save_data("queue", first.Gate.DeferredGradients!);
        return y_RH;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var gradients = new List<Tensor>((int)ctx.get_data("arguments")) { null!, null!, null! };
        var (group, rowsPerExpert) = ((GroupedExperts)ctx.get_data("experts"), (int[])ctx.get_data("rows"));
        if (group.Experts.Count == 0)
        {
            gradients[0] = grad_output;
            return gradients;
        }
        var queue = (DeferredWeightGradients?)ctx.get_data("queue");
        var saved = ctx.get_saved_variables();
        var (gate_RI, up_RI, dy_RH) = (saved[0], saved[1], grad_output.contiguous());
        var dInner_RI = empty_like(gate_RI);
        foreach (var (expert, start, count) in WithRows(group, rowsPerExpert))
            expert.Down.WriteInputGradient(dy_RH, dInner_RI, start, count);
        var (dGate_RI, dUp_RI) = SwiGlu.Backward(gate_RI, up_RI, dInner_RI);
        if ((bool)ctx.get_data("needs_input"))
        {
            gradients[0] = empty_like(dy_RH);
            foreach (var (expert, start, count) in WithRows(group, rowsPerExpert))
            {
                expert.Gate.WriteInputGradient(dGate_RI, gradients[0], start, count);
                expert.Up.WriteInputGradient(dUp_RI, gradients[0], start, count, add: true);
            }
        }
        if (saved.Count < 3)
            return gradients;
        var (x_RH, inner_RI) = (saved[2], SwiGlu.Forward(gate_RI, up_RI));
        foreach (var (expert, start, count) in WithRows(group, rowsPerExpert))
        {
            var (x_nH, dGate_nI, dUp_nI) = (x_RH.narrow(0, start, count), dGate_RI.narrow(0, start, count), dUp_RI.narrow(0, start, count));
            gradients.AddRange(expert.Gate.ParameterGradients(x_nH, dGate_nI, queue));
            gradients.AddRange(expert.Up.ParameterGradients(x_nH, dUp_nI, queue));
            gradients.AddRange(expert.Down.ParameterGradients(inner_RI.narrow(0, start, count), dy_RH.narrow(0, start, count), queue));
        }
        return gradients;
    }

    // In ascending order: a product may run over into the next expert's rows, which that writes afterwards.
    private static IEnumerable<(GatedMlp Expert, long Start, long Count)> WithRows(GroupedExperts group, int[] rowsPerExpert)
    {
        long start = 0;
        for (int e = 0; e < rowsPerExpert.Length; start += rowsPerExpert[e++])
            if (rowsPerExpert[e] > 0)
                yield return (group.Experts[e], start, rowsPerExpert[e]);
    }
}
