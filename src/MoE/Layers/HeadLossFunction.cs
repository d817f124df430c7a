using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: N = positions, n = positions of a block, H = hidden, V = vocabulary.

/// <summary>
/// Head and loss in one: logits of a block of positions are computed, made into their gradient and multiplied back before those of the next, so that
/// the [N, V] logits never exist. Equals the loss of <c>hidden.matmul(head.t())</c> with the gradients of autograd, which need two products more.
/// </summary>
/// <remarks>The gradients are made with the loss, in the forward pass: a backward pass that computed the logits again would cost a third more.</remarks>
internal sealed class HeadLossFunction : autograd.SingleTensorFunction<HeadLossFunction>
{
    // Enough rows for the matrix product to be at full speed, with a vocabulary of 130,000 too; a small part of what a training step takes.
    private const long BlockBytes = 48L << 20;

    public override string Name => nameof(HeadLossFunction);

    /// <summary>Whether the loss can be taken block by block on these tensors; others need all logits.</summary>
    public static bool Supports(Tensor hidden_NH, Tensor head_VH) => TensorRows.Supports(head_VH) && TensorRows.Supports(hidden_NH) && hidden_NH.dtype == head_VH.dtype;

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (hidden_NH, head_VH, loss) = ((Tensor)vars[0], (Tensor)vars[1], (IHeadLoss)vars[2]);
        var (scale, withGradient) = ((double)vars[3], (bool)vars[4]);
        bool trainsHead = withGradient && head_VH.requires_grad, trainsHidden = withGradient && hidden_NH.requires_grad;
        Tensor? byHidden_NH = trainsHidden ? empty_like(hidden_NH) : null, byHead_VH = trainsHead ? empty_like(head_VH) : null;
        long positions = hidden_NH.shape[0], rows = Math.Clamp(BlockBytes / (head_VH.shape[0] * head_VH.ElementSize), 1, Math.Max(positions, 1));
        double sum = 0;
        // With one block of positions the head is read once anyway; a head that trains needs finished gradients of the logits.
        bool isTiled = !trainsHead && rows < positions;
        if (isTiled)
            sum = FrozenHeadLoss.Evaluate(hidden_NH, head_VH, loss, scale, byHidden_NH);
        long blocks = Math.Max(1, (positions + rows - 1) / rows);
        rows = (positions + blocks - 1) / blocks; // of one size: a short last one would be slower for its rows
        for (long first = 0; first < positions && !isTiled; first += rows)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(rows, positions - first);
            var hidden_nH = hidden_NH.narrow(0, first, count);
            var logits_nV = hidden_nH.mm(head_VH.t());
            sum += loss.Evaluate((int)first, logits_nV, scale, withGradient);
            byHidden_NH?.narrow(0, first, count).addmm_(logits_nV, head_VH, beta: 0);
            byHead_VH?.addmm_(logits_nV.t(), hidden_nH, beta: first == 0 ? 0 : 1);
        }
        if (positions == 0)
            byHead_VH?.zero_();
        ctx.save_for_backward([.. new[] { byHidden_NH, byHead_VH }.OfType<Tensor>()]);
        ctx.save_data(nameof(trainsHidden), trainsHidden);
        ctx.save_data(nameof(trainsHead), trainsHead);
        return tensor((float)sum, device: hidden_NH.device);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var saved = ctx.get_saved_variables();
        double outer = grad_output.item<float>();
        if (outer != 1)
            foreach (var gradient in saved)
                gradient.mul_(outer);
        bool trainsHidden = (bool)ctx.get_data("trainsHidden"), trainsHead = (bool)ctx.get_data("trainsHead");
        return [trainsHidden ? saved[0] : null!, trainsHead ? saved[^1] : null!, null!, null!, null!];
    }
}
