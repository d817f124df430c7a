using static TorchSharp.torch;

namespace E3Scale.Kernels;

public static partial class TopKLogits
{
    /// <summary>Works on a matrix of logits on any device.</summary>
    /// <param name="logits_NV">Logits, [N, V]; not changed. In host memory as float32 or bfloat16 it is read in place, row by row.</param>
    /// <param name="k">Entries kept of every row, 1..V.</param>
    /// <returns>
    /// The result in host memory. On other devices the library's topk decides between equal logits, so that ids of exact ties may differ.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">k is out of range.</exception>
    /// <exception cref="NotFiniteNumberException">A row holds NaN or infinity; the message gives its index.</exception>
    public static TopKLogitsResult Compute(Tensor logits_NV, int k)
    {
        ArgumentNullException.ThrowIfNull(logits_NV);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, logits_NV.shape[1]);
        int rows = checked((int)logits_NV.shape[0]);
        TopKLogitsResult result = new(new int[rows * k], new float[rows * k], new float[rows], new float[rows]);
        if (!TensorRows.Supports(logits_NV))
        {
            Compose(logits_NV, k, result);
            return result;
        }
        TensorRows matrix = new(logits_NV);
        RowLoop.Run(
            rows,
            () => new float[matrix.Width],
            (widened, n) => Row(
                matrix.View(n, widened), result.Ids_NK.AsSpan(n * k, k), result.Values_NK.AsSpan(n * k, k), out result.LogSumExp_N[n], out result.Entropy_N[n]));
        ThrowIfNotFinite(result);
        GC.KeepAlive(logits_NV);
        return result;
    }

    private static void Compose(Tensor logits_NV, int k, TopKLogitsResult result)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var float_NV = logits_NV.to_type(ScalarType.Float32);
        var (values_NK, ids_NK) = float_NV.topk(k);
        var logSumExp_N = float_NV.logsumexp(-1);
        var logProbability_NV = float_NV - logSumExp_N.unsqueeze(-1);
        // p ln p of an entry whose p underflows is 0, not 0 times infinity.
        var terms_NV = (logProbability_NV.exp() * logProbability_NV).masked_fill(logProbability_NV.lt(-100), 0);
        ids_NK.to_type(ScalarType.Int32).cpu().data<int>().CopyTo(result.Ids_NK);
        values_NK.cpu().data<float>().CopyTo(result.Values_NK);
        logSumExp_N.cpu().data<float>().CopyTo(result.LogSumExp_N);
        (-terms_NV.sum(-1)).cpu().data<float>().CopyTo(result.Entropy_N);
        ThrowIfNotFinite(result);
    }

    private static void ThrowIfNotFinite(TopKLogitsResult result)
    {
        for (int n = 0; n < result.LogSumExp_N.Length; n++)
            ThrowIfNotFinite(result.LogSumExp_N[n], result.Entropy_N[n], n);
    }
}
