using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

/// <summary>
/// The fused kernel behind <see cref="DistillationLoss"/>; equals <see cref="ComposedDistillation"/>. The forward pass keeps one number
/// per token (the log-sum-exp off the stored ids), the backward pass writes every row of the gradient once, already scaled.
/// </summary>
internal sealed class DistillationFunction : autograd.SingleTensorFunction<DistillationFunction>
{
    public override string Name => nameof(DistillationFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor logits_NV = (Tensor)vars[0];
        DistillationBatch batch = (DistillationBatch)vars[1];
        float[] divergence_N = (float[])vars[2];
        double[] restLogSumExp_N = new double[batch.Tokens];
        ctx.save_for_backward([logits_NV]);
        ctx.save_data(nameof(batch), batch);
        ctx.save_data(nameof(restLogSumExp_N), restLogSumExp_N);

        TensorRows student = new(logits_NV);
        double[] weighted_N = new double[batch.Tokens]; // added up in order, whatever the number of threads
        RowLoop.Run(batch.Tokens, () => new DistillationRows(batch, student), (rows, n) =>
        {
            divergence_N[n] = 0;
            if (batch.Weights[n] == 0)
                return;
            restLogSumExp_N[n] = rows.RestLogSumExp(n);
            double divergence = rows.Divergence(n, restLogSumExp_N[n]).Value;
            divergence_N[n] = (float)divergence;
            weighted_N[n] = batch.Weights[n] * divergence;
        });
        return tensor((float)weighted_N.Sum());
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using Tensor logits_NV = ctx.get_saved_variables()[0];
        DistillationBatch batch = (DistillationBatch)ctx.get_data("batch");
        double[] restLogSumExp_N = (double[])ctx.get_data("restLogSumExp_N");
        double outer = grad_output.item<float>();
        bool seesRest = batch.Form != DistillationForm.TopKRenormalised;
        Tensor gradient_NV = seesRest ? empty_like(logits_NV) : TensorMemory.UntouchedZeros(logits_NV);
        TensorRows gradient = new(gradient_NV);
        TensorRows student = new(logits_NV);
        RowLoop.Run(batch.Tokens, () => new DistillationRows(batch, student), (rows, n) =>
        {
            double scale = outer * batch.Weights[n];
            if (seesRest)
                rows.WriteGradient(n, restLogSumExp_N[n], scale, gradient);
            else if (scale != 0)
                rows.WriteTopGradient(n, scale, gradient);
        });
        return [gradient_NV, null!, null!]; // the batch and the divergences are no tensors
    }
}
