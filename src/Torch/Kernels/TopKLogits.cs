using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace E3Scale.Kernels;

/// <summary>
/// What distillation stores of a row of logits: the k largest with their ids, the log-sum-exp and the entropy of the softmax, both over
/// the whole row. Equals logits.topk(k), logits.logsumexp(-1) and -(p * p.log()).sum(-1) of PyTorch without their copies.
/// </summary>
public static partial class TopKLogits
{
    private const int Lanes = 16;

    /// <summary>Works on consecutive float32 rows.</summary>
    /// <param name="logits_NV">Logits, [N, V], row after row.</param>
    /// <param name="vocabulary">V &gt; 0.</param>
    /// <param name="k">Entries kept of every row, 1..V.</param>
    /// <param name="ids_NK">Receives the ids of the largest logits, [N, k], largest first; of equal logits the lower id comes first.</param>
    /// <param name="values_NK">Receives these logits, [N, k].</param>
    /// <param name="logSumExp_N">Receives ln(sum(exp(row))), [N].</param>
    /// <param name="entropy_N">Receives the entropy of softmax(row) in nats, [N].</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">V or k is out of range.</exception>
    /// <exception cref="NotFiniteNumberException">A row holds NaN or infinity; the message gives its index.</exception>
    public static void Compute(
        ReadOnlySpan<float> logits_NV, int vocabulary, int k,
        Span<int> ids_NK, Span<float> values_NK, Span<float> logSumExp_N, Span<float> entropy_N)
    {
        int rows = CheckShapes(logits_NV.Length, vocabulary, k, ids_NK.Length, values_NK.Length, logSumExp_N.Length, entropy_N.Length);
        for (int n = 0; n < rows; n++)
        {
            Row(logits_NV.Slice(n * vocabulary, vocabulary), ids_NK.Slice(n * k, k), values_NK.Slice(n * k, k), out logSumExp_N[n], out entropy_N[n]);
            ThrowIfNotFinite(logSumExp_N[n], entropy_N[n], n);
        }
    }

    /// <summary>Works on consecutive bfloat16 rows, given as their bits; values are widened to float32, which is exact.</summary>
    /// <inheritdoc cref="Compute(ReadOnlySpan{float}, int, int, Span{int}, Span{float}, Span{float}, Span{float})"/>
    public static void Compute(
        ReadOnlySpan<ushort> logits_NV, int vocabulary, int k,
        Span<int> ids_NK, Span<float> values_NK, Span<float> logSumExp_N, Span<float> entropy_N)
    {
        int rows = CheckShapes(logits_NV.Length, vocabulary, k, ids_NK.Length, values_NK.Length, logSumExp_N.Length, entropy_N.Length);
        float[] row = new float[vocabulary];
        for (int n = 0; n < rows; n++)
        {
            BFloat16Rows.Widen(logits_NV.Slice(n * vocabulary, vocabulary), row);
            Row(row, ids_NK.Slice(n * k, k), values_NK.Slice(n * k, k), out logSumExp_N[n], out entropy_N[n]);
            ThrowIfNotFinite(logSumExp_N[n], entropy_N[n], n);
        }
    }

    private static int CheckShapes(int logits, int vocabulary, int k, int ids, int values, int logSumExps, int entropies)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabulary);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, vocabulary);
        int rows = logits / vocabulary;
        if (logits % vocabulary != 0 || ids != (long)rows * k || values != (long)rows * k || logSumExps != rows || entropies != rows)
        {
            throw new ArgumentException(
                $"{logits} logits in rows of {vocabulary} need {rows} x {k} ids and values and {rows} sums; " +
                $"given {ids} ids, {values} values, {logSumExps} log-sum-exps, {entropies} entropies");
        }
        return rows;
    }

    private static void Row(ReadOnlySpan<float> row, Span<int> ids, Span<float> values, out float logSumExp, out float entropy)
    {
        SelectLargest(row, ids, values);
        float max = values[0];
        (double sum, double weighted) = RowMath.SumExpAndWeighted(row, max);
        logSumExp = (float)(max + Math.Log(sum));
        entropy = (float)Math.Max(0, Math.Log(sum) - weighted / sum);
    }

    private static void ThrowIfNotFinite(float logSumExp, float entropy, int row)
    {
        if (!float.IsFinite(logSumExp) || !float.IsFinite(entropy))
            throw new NotFiniteNumberException($"row {row} of the logits holds NaN or infinity: the model diverged or its weights are damaged");
    }

    // Keeps the best k so far in order. Rows are scanned upwards and only strictly larger entries get in, so ties keep the lower id;
    // 16 entries at a time are passed over when none exceeds the k-th best, which is nearly always.
    private static void SelectLargest(ReadOnlySpan<float> row, Span<int> ids, Span<float> values)
    {
        values.Fill(float.NegativeInfinity);
        ref float start = ref MemoryMarshal.GetReference(row);
        int filled = 0;
        for (int i = 0; i < row.Length;)
        {
            if (filled == ids.Length && i <= row.Length - Lanes)
            {
                Vector512<float> block = Vector512.LoadUnsafe(ref start, (nuint)i);
                if (!Vector512.GreaterThanAny(block, Vector512.Create(values[^1])))
                {
                    i += Lanes;
                    continue;
                }
            }
            for (int end = Math.Min(i + Lanes, row.Length); i < end; i++)
            {
                if (filled < ids.Length || row[i] > values[^1])
                    Insert(row[i], i, ids, values, ref filled);
            }
        }
    }

    private static void Insert(float value, int id, Span<int> ids, Span<float> values, ref int filled)
    {
        int place = filled < ids.Length ? filled++ : ids.Length - 1;
        for (; place > 0 && value > values[place - 1]; place--)
        {
            values[place] = values[place - 1];
            ids[place] = ids[place - 1];
        }
        values[place] = value;
        ids[place] = id;
    }
}
