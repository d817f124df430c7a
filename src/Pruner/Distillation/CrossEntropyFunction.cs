using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

/// <summary>
/// The fused kernel behind <see cref="TokenCrossEntropy"/>. The forward pass keeps each row's log-sum-exp, the backward pass writes
/// every row of the gradient, softmax minus one at the label, once and already scaled.
/// </summary>
internal sealed class CrossEntropyFunction : autograd.SingleTensorFunction<CrossEntropyFunction>
{
    public override string Name => nameof(CrossEntropyFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor logits_NV = (Tensor)vars[0];
        long[] label_N = (long[])vars[1];
        float[] loss_N = (float[])vars[2];
        double[] logSumExp_N = new double[label_N.Length];
        ctx.save_for_backward([logits_NV]);
        ctx.save_data(nameof(label_N), label_N);
        ctx.save_data(nameof(logSumExp_N), logSumExp_N);

        TensorRows logits = new(logits_NV);
        float[] row = new float[logits.Width];
        double sum = 0;
        for (int n = 0; n < label_N.Length; n++)
        {
            loss_N[n] = 0;
            if (label_N[n] == TokenCrossEntropy.Ignored)
                continue;
            logits.Read(n, row);
            logSumExp_N[n] = RowMath.LogSumExp(row);
            double loss = logSumExp_N[n] - row[label_N[n]];
            loss_N[n] = (float)loss;
            sum += loss;
        }
        return tensor((float)sum);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using Tensor logits_NV = ctx.get_saved_variables()[0];
        long[] label_N = (long[])ctx.get_data("label_N");
        double[] logSumExp_N = (double[])ctx.get_data("logSumExp_N");
        double scale = grad_output.item<float>();
        Tensor gradient_NV = empty_like(logits_NV);
        TensorRows logits = new(logits_NV), gradient = new(gradient_NV);
        float[] row = new float[logits.Width];
        for (int n = 0; n < label_N.Length; n++)
        {
            logits.Read(n, row);
            CrossEntropyRow.WriteGradient(row, label_N[n], logSumExp_N[n], scale, n, gradient);
        }
        return [gradient_NV, null!, null!]; // labels and losses are no tensors
    }
}
