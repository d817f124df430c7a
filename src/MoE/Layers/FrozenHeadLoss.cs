using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: n = positions of a block, H = hidden, V = vocabulary, v = ids of a tile.

/// <summary>
/// Head and loss in one where the head itself does not train: logits exist for a tile of positions and ids at a time, and the head is read once for the
/// logits and once for the gradient, however many positions there are.
/// </summary>
/// <remarks>
/// A loss sees most logits of a position only by their log-sum-exp, so its gradient by the hidden state is r / s times the sum over these ids of
/// exp(z - m) w, plus a few rows of the head for the ids that it names. m and s, the largest logit and the sum of exp(z - m), are only known after the last
/// tile; until then the sums go by the largest so far and shrink when a larger one comes (Milakov and Gimelshein 2018, online softmax; Dao et al.
/// 2022, attention). Sums over tiles are float32.
/// </remarks>
internal sealed class FrozenHeadLoss
{
    /// <summary>Memory of a tile of logits.</summary>
    internal const long TileBytes = 8L << 20;

    private const int MostPositions = 2048; // of a block, so that tiles stay wide
    private const int NarrowestTile = 256;

    private readonly Tensor _head_VH;
    private readonly IHeadLoss _loss;
    private readonly double _scale;

    private FrozenHeadLoss(Tensor head_VH, IHeadLoss loss, double scale) => (_head_VH, _loss, _scale) = (head_VH, loss, scale);

    /// <summary>Computes loss and gradient.</summary>
    /// <param name="hidden_NH">Normalised residual stream, a contiguous matrix of float32 or bfloat16 in host memory.</param>
    /// <param name="head_VH">The head, of the same type.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="scale">Factor on it.</param>
    /// <param name="gradient_NH">Receives the gradient with respect to the hidden states; null where none is needed.</param>
    /// <param name="tileBytes">Memory of a tile of logits.</param>
    /// <returns>The scaled sum.</returns>
    public static double Evaluate(Tensor hidden_NH, Tensor head_VH, IHeadLoss loss, double scale, Tensor? gradient_NH, long tileBytes = TileBytes)
    {
        var whole = new FrozenHeadLoss(head_VH, loss, scale);
        double sum = 0;
        for (long first = 0; first < hidden_NH.shape[0]; first += MostPositions)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(MostPositions, hidden_NH.shape[0] - first);
            sum += whole.Block((int)first, hidden_NH.narrow(0, first, count), gradient_NH?.narrow(0, first, count), tileBytes);
        }
        return sum;
    }

    private double Block(int first, Tensor hidden_nH, Tensor? gradient_nH, long tileBytes)
    {
        int count = (int)hidden_nH.shape[0], vocabulary = (int)_head_VH.shape[0];
        var positions = new Positions(count, position => _loss.SingleIds(first + position).Length);
        int width = (int)Math.Clamp(tileBytes / (count * _head_VH.ElementSize), Math.Min(NarrowestTile, vocabulary), vocabulary);
        var weighted_nH = gradient_nH is null ? null : zeros(hidden_nH.shape, dtype: ScalarType.Float32);
        for (int start = 0; start < vocabulary; start += width)
        {
            using var scope = NewDisposeScope();
            var head_vH = _head_VH.narrow(0, start, Math.Min(width, vocabulary - start));
            var tile_nv = hidden_nH.mm(head_vH.t());
            Exponentials(first, start, tile_nv, positions, weighted_nH);
            if (weighted_nH is null)
                continue;
            if (tile_nv.dtype == ScalarType.Float32)
                weighted_nH.addmm_(tile_nv, head_vH);
            else
                weighted_nH.add_(tile_nv.mm(head_vH));
        }
        return Finish(first, positions, weighted_nH, gradient_nH);
    }

    /// <summary>Makes logits exp(logit - largest so far), 0 for single ids, whose logits are kept, and shrinks earlier sums to that.</summary>
    private void Exponentials(int first, int start, Tensor tile_nv, Positions positions, Tensor? weighted_nH)
    {
        var tile = new TensorRows(tile_nv);
        var weighted = weighted_nH is null ? null : new TensorRows(weighted_nH);
        RowLoop.Run(positions.Count, () => (Row: new float[tile.Width], Sums: new float[weighted?.Width ?? 0]), (scratch, n) =>
        {
            float[] row = scratch.Row;
            tile.Read(n, row);
            var ids = _loss.SingleIds(first + n);
            var single = positions.SingleOf(n);
            for (int i = 0; i < ids.Length; i++)
                if ((uint)(ids[i] - start) < (uint)row.Length)
                    (single[i], row[ids[i] - start]) = (row[ids[i] - start], float.NegativeInfinity);
            float before = positions.Largest[n], largest = Math.Max(before, RowMath.Max(row));
            if (float.IsNegativeInfinity(largest)) // nothing but single ids so far
                row.AsSpan().Clear();
            else
            {
                double shrink = Math.Exp((double)before - largest);
                positions.Sum[n] = (shrink * positions.Sum[n]) + RowMath.SumExp(row, largest);
                positions.Largest[n] = largest;
                if (weighted is null)
                    return;
                if (shrink is > 0 and < 1)
                {
                    weighted.Read(n, scratch.Sums);
                    RowMath.Scale(scratch.Sums, (float)shrink, scratch.Sums);
                    weighted.Write(n, scratch.Sums);
                }
                RowMath.ScaledExp(row, largest, 1, row);
            }
            if (weighted is not null)
                tile.Write(n, row);
        });
    }

    private double Finish(int first, Positions positions, Tensor? weighted_nH, Tensor? gradient_nH)
    {
        var head = new TensorRows(_head_VH);
        var weighted = weighted_nH is null ? null : new TensorRows(weighted_nH);
        var result = gradient_nH is null ? null : new TensorRows(gradient_nH);
        double[] loss_n = new double[positions.Count];
        RowLoop.Run(positions.Count, () => (Sums: new float[head.Width], Row: new float[head.Width], Gradient: new double[positions.MostSingle]), (scratch, n) =>
        {
            var ids = _loss.SingleIds(first + n);
            double rest = positions.Sum[n] == 0 ? double.NegativeInfinity : positions.Largest[n] + Math.Log(positions.Sum[n]);
            var gradient = scratch.Gradient.AsSpan(0, ids.Length);
            (loss_n[n], double restGradient) = _loss.Evaluate(first + n, positions.SingleOf(n), rest, _scale, gradient);
            if (weighted is null)
                return;
            weighted.Read(n, scratch.Sums);
            RowMath.Scale(scratch.Sums, positions.Sum[n] == 0 ? 0 : (float)(restGradient / positions.Sum[n]), scratch.Sums);
            for (int i = 0; i < ids.Length; i++)
            {
                head.Read(ids[i], scratch.Row);
                RowMath.AddScaled(scratch.Row, (float)gradient[i], scratch.Sums);
            }
            result!.Write(n, scratch.Sums);
        });
        return loss_n.Sum();
    }

    /// <summary>What is known of each position of a block so far.</summary>
    private sealed class Positions
    {
        private readonly int[] _firstSingle;
        private readonly double[] _single;

        public Positions(int count, Func<int, int> singleIds)
        {
            Count = count;
            _firstSingle = new int[count + 1];
            for (int n = 0; n < count; n++)
            {
                int single = singleIds(n);
                MostSingle = Math.Max(MostSingle, single);
                _firstSingle[n + 1] = _firstSingle[n] + single;
            }
            _single = new double[_firstSingle[count]];
            Largest = new float[count];
            Array.Fill(Largest, float.NegativeInfinity);
            Sum = new double[count];
        }

        public int Count { get; }

        /// <summary>Most single ids of a position.</summary>
        public int MostSingle { get; }

        /// <summary>Largest logit that is not of a single id; negative infinity when there has been none.</summary>
        public float[] Largest { get; }

        /// <summary>Sum of exp(logit - largest) over these.</summary>
        public double[] Sum { get; }

        /// <summary>Logits of the single ids of a position.</summary>
        public Span<double> SingleOf(int position) => _single.AsSpan(_firstSingle[position].._firstSingle[position + 1]);
    }
}
