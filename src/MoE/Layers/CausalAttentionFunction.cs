using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = batch, N = heads, M = B * N, T = positions, D = query and key width, W = value width,
// Q = queries of a block, S = keys that a block sees.

/// <summary>
/// <see cref="CausalAttention.Compose"/> as one node of the graph, a block of queries at a time: keys that no query of a block sees are not multiplied,
/// scores become weights where they are, and nothing but the weights is kept of them.
/// </summary>
/// <remarks>Of a long sequence that is half the work and half the memory of the whole square.</remarks>
internal sealed class CausalAttentionFunction : autograd.SingleTensorFunction<CausalAttentionFunction>
{
    // Smaller blocks waste less of the square and more on small products.
    private const int QueriesPerBlock = 128;
    private const int FirstOfWeights = 3;

    public override string Name => nameof(CausalAttentionFunction);

    /// <summary>Whether the kernels can work on these tensors; others take the composed operations.</summary>
    public static bool Supports(Tensor query_BNTD, Tensor key_BNTD, Tensor value_BNTW) =>
        query_BNTD.device_type == DeviceType.CPU && query_BNTD.dtype is ScalarType.Float32 or ScalarType.BFloat16 &&
        key_BNTD.dtype == query_BNTD.dtype && value_BNTW.dtype == query_BNTD.dtype &&
        query_BNTD.numel() > 0 && value_BNTW.numel() > 0 && query_BNTD.shape[0] * query_BNTD.shape[1] * QueriesPerBlock < int.MaxValue;

    /// <summary>Arguments: query_BNTD, key_BNTD, value_BNTW, scale (double), window (int?). Returns [B, T, N*W].</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (query_BNTD, value_BNTW) = ((Tensor)vars[0], (Tensor)vars[2]);
        var (scale, window) = ((double)vars[3], (int?)vars[4]);
        long batch = query_BNTD.shape[0], heads = query_BNTD.shape[1], positions = query_BNTD.shape[2], width = value_BNTW.shape[3];
        var (query_MTD, key_MTD, value_MTW) = (Flat(query_BNTD), Flat((Tensor)vars[1]), Flat(value_BNTW));
        var result_BTNW = empty([batch, positions, heads, width], dtype: query_BNTD.dtype, device: query_BNTD.device);
        List<Tensor> saved = [query_MTD, key_MTD, value_MTW];
        foreach (var block in Block.All(positions, window))
        {
            var weights_MQS = block.Queries(query_MTD).bmm(block.Keys(key_MTD).transpose(1, 2));
            block.Softmax(window, scale).Forward(Rows(weights_MQS));
            var mixed_MQW = weights_MQS.bmm(block.Keys(value_MTW));
            result_BTNW.narrow(1, block.Start, block.Count).copy_(mixed_MQW.view(batch, heads, block.Count, width).transpose(1, 2));
            saved.Add(weights_MQS);
        }
        ctx.save_for_backward(saved);
        ctx.save_data(nameof(scale), scale);
        ctx.save_data(nameof(window), window!);
        return result_BTNW.view(batch, positions, heads * width);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var saved = ctx.get_saved_variables();
        var (query_MTD, key_MTD, value_MTW) = (saved[0], saved[1], saved[2]);
        var (scale, window) = ((double)ctx.get_data("scale"), (int?)ctx.get_data("window"));
        long batch = grad_output.shape[0], positions = grad_output.shape[1], width = value_MTW.shape[2], heads = grad_output.shape[2] / width;
        var gradient_MTW = Flat(grad_output.reshape(batch, positions, heads, width).transpose(1, 2));
        // Every block adds to the gradients of keys and values: in float32, since bfloat16 would round each sum to 8 bits.
        var (byQuery_MTD, byKey_MTD, byValue_MTW) =
            (empty_like(query_MTD), zeros_like(key_MTD, dtype: ScalarType.Float32), zeros_like(value_MTW, dtype: ScalarType.Float32));
        foreach (var (block, weights_MQS) in Block.All(positions, window).Zip(saved.Skip(FirstOfWeights)))
        {
            using var scope = NewDisposeScope();
            var gradient_MQW = block.Queries(gradient_MTW);
            block.Keys(byValue_MTW).add_(weights_MQS.transpose(1, 2).bmm(gradient_MQW));
            var byScores_MQS = gradient_MQW.bmm(block.Keys(value_MTW).transpose(1, 2));
            block.Softmax(window, scale).Backward(Rows(weights_MQS), Rows(byScores_MQS));
            block.Queries(byQuery_MTD).copy_(byScores_MQS.bmm(block.Keys(key_MTD)));
            block.Keys(byKey_MTD).add_(byScores_MQS.transpose(1, 2).bmm(block.Queries(query_MTD)));
        }
        return [Heads(byQuery_MTD), Heads(byKey_MTD.to_type(key_MTD.dtype)), Heads(byValue_MTW.to_type(value_MTW.dtype)), null!, null!];

        Tensor Heads(Tensor x_MTD) => x_MTD.view(batch, heads, positions, -1);
    }

    private static Tensor Flat(Tensor x_BNTD) => x_BNTD.reshape(-1, x_BNTD.shape[2], x_BNTD.shape[3]).contiguous();

    private static TensorRows Rows(Tensor x_MQS) => new(x_MQS.view(-1, x_MQS.shape[2]));

    /// <summary>Queries of every head that are worked on together, and the keys from the first that one of them sees to the last.</summary>
    private readonly record struct Block(long Start, long Count, long First)
    {
        public static IEnumerable<Block> All(long positions, int? window)
        {
            for (long start = 0; start < positions; start += QueriesPerBlock)
                yield return new Block(start, Math.Min(QueriesPerBlock, positions - start), window is { } most ? Math.Max(0, start + 1 - most) : 0);
        }

        public Tensor Queries(Tensor x_MTD) => x_MTD.narrow(1, Start, Count);

        public Tensor Keys(Tensor x_MTD) => x_MTD.narrow(1, First, Start + Count - First);

        public CausalSoftmaxRows Softmax(int? window, double scale) => new((int)Count, (int)(Start - First), window, (float)scale);
    }
}
