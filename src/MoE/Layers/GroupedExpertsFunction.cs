using System.Diagnostics;
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
        ExpertRuns.ForEachRow(group.Experts, rowsPerExpert, x_RH, run =>
        {
            run.Expert.Gate.WriteForward(x_RH, gate_RI, run);
            run.Expert.Up.WriteForward(x_RH, up_RI, run);
        });
        var inner_RI = SwiGlu.Forward(gate_RI, up_RI);
        ExpertRuns.ForEachRow(group.Experts, rowsPerExpert, x_RH, run => run.Expert.Down.WriteForward(inner_RI, y_RH, run));

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
        ExpertRuns.ForEachRow(group.Experts, rowsPerExpert, dy_RH, run => run.Expert.Down.WriteInputGradient(dy_RH, dInner_RI, run));
        var (dGate_RI, dUp_RI) = SwiGlu.Backward(gate_RI, up_RI, dInner_RI);
        if ((bool)ctx.get_data("needs_input"))
        {
            var dx_RH = gradients[0] = empty_like(dy_RH);
            ExpertRuns.ForEachRow(group.Experts, rowsPerExpert, dy_RH, run =>
            {
                run.Expert.Gate.WriteInputGradient(dGate_RI, dx_RH, run);
                run.Expert.Up.WriteInputGradient(dUp_RI, dx_RH, run, add: true);
            });
        }
        if (saved.Count < 3)
            return gradients;
        var (x_RH, inner_RI) = (saved[2], SwiGlu.Forward(gate_RI, up_RI));
        if (queue is null && group.SumsGradients)
        {
            ExpertRuns.ForEachExpert(group.Experts, rowsPerExpert, x_RH, run => OfWeights(run).ForEach(gradient => Debug.Assert(gradient is null, "it has been added")));
            gradients.AddRange(Enumerable.Repeat<Tensor>(null!, (int)ctx.get_data("arguments") - FixedArguments));
        }
        else
        {
            foreach (var run in ExpertRuns.All(group.Experts, rowsPerExpert))
                gradients.AddRange(OfWeights(run));
        }
        return gradients;

        List<Tensor> OfWeights(ExpertRun run)
        {
            var (x_nH, dGate_nI, dUp_nI) = (Rows(x_RH, run), Rows(dGate_RI, run), Rows(dUp_RI, run));
            return
            [
                .. run.Expert.Gate.ParameterGradients(x_nH, dGate_nI, queue),
                .. run.Expert.Up.ParameterGradients(x_nH, dUp_nI, queue),
                .. run.Expert.Down.ParameterGradients(Rows(inner_RI, run), Rows(dy_RH, run), queue),
            ];
        }
    }

    private static Tensor Rows(Tensor value_R, ExpertRun run) => value_R.narrow(0, run.Start, run.Count);
}
