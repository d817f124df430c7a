using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Kernels;

// Shape suffixes in this file: B = rows (texts), N = key heads, G = queries of one position that share keys, S = cached positions, D = key width,
// W = value width.

/// <summary>
/// Softmax attention of each text's next token over what is cached, in one pass over the cache. Equals
/// <c>((scale * query) @ keys.transpose(2, 3) + mask).softmax(-1) @ values</c> with minus infinity in the mask wherever a token does not look, computed in
/// float32 whatever the type.
/// </summary>
/// <remarks>
/// Positions are taken 32 at a time, which stay in the processor's cache while scores, weights and sums are made of them, with a running maximum (Milakov and
/// Gimelshein 2018): memory is read once, and asked for what comes next meanwhile. Parts of 1,024 positions are shared out among threads (as in Flash-Decoding,
/// Dao et al. 2023) and put together in order: results do not depend on the number of threads.
/// </remarks>
public static unsafe class NextTokenAttention
{
    private const int Lanes = 16, Tile = 4, BlockLength = 32, PartLength = 1024, BytesAhead = 10240;

    // Multiply-adds below which starting another thread takes longer than it saves.
    private const long WorkOfThread = 1 << 21;

    /// <summary>Whether tensors can be worked on: one of float32 and bfloat16, on the CPU, widths in whole lanes, no gradient asked for.</summary>
    /// <param name="query_BNGD">Queries.</param>
    /// <param name="keys_BNSD">Cached keys.</param>
    /// <param name="values_BNSW">Cached values.</param>
    public static bool Supports(Tensor query_BNGD, Tensor keys_BNSD, Tensor values_BNSW)
    {
        ArgumentNullException.ThrowIfNull(query_BNGD);
        ArgumentNullException.ThrowIfNull(keys_BNSD);
        ArgumentNullException.ThrowIfNull(values_BNSW);
#if TORCHSHARP_PACKAGE
        return false; // it does not tell where a view begins
#else
        return query_BNGD.device_type == DeviceType.CPU && query_BNGD.dtype is ScalarType.Float32 or ScalarType.BFloat16 &&
            keys_BNSD.dtype == query_BNGD.dtype && values_BNSW.dtype == query_BNGD.dtype &&
            keys_BNSD.shape[3] % Lanes == 0 && values_BNSW.shape[3] % Lanes == 0 && keys_BNSD.stride(3) == 1 && values_BNSW.stride(3) == 1 &&
            !query_BNGD.requires_grad && !keys_BNSD.requires_grad && !values_BNSW.requires_grad;
#endif
    }

    /// <summary>Attends.</summary>
    /// <param name="query_BNGD">Queries of one position of each text.</param>
    /// <param name="keys_BNSD">Cached keys; may be a view.</param>
    /// <param name="values_BNSW">Cached values; may be a view, of the keys too.</param>
    /// <param name="seen_B">Of each text the first position that its token sees and the one after the last; at least one, and at most S.</param>
    /// <param name="scale">Factor on the products of queries and keys.</param>
    /// <returns>[B, N, G, W], of the same type.</returns>
    /// <exception cref="ArgumentException">The tensors are not supported, or their shapes do not fit each other.</exception>
    public static Tensor Forward(Tensor query_BNGD, Tensor keys_BNSD, Tensor values_BNSW, ReadOnlySpan<(int First, int End)> seen_B, float scale)
    {
        if (!Supports(query_BNGD, keys_BNSD, values_BNSW))
            throw new ArgumentException($"attention of next tokens cannot work on {query_BNGD}, {keys_BNSD} and {values_BNSW}", nameof(query_BNGD));
#if TORCHSHARP_PACKAGE
        throw new NotSupportedException();
#else
        long[] query = query_BNGD.shape, keys = keys_BNSD.shape, values = values_BNSW.shape;
        if (query[0] != keys[0] || query[1] != keys[1] || query[3] != keys[3] || !keys.AsSpan(0, 3).SequenceEqual(values.AsSpan(0, 3)) || seen_B.Length != query[0])
            throw new ArgumentException($"queries {Text(query)}, keys {Text(keys)}, values {Text(values)} and {seen_B.Length} ranges do not fit each other");
        foreach (var (first, end) in seen_B)
            if (first < 0 || first >= end || end > keys[2])
                throw new ArgumentException($"a token sees positions {first} to {end} of {keys[2]}", nameof(seen_B));

        using var contiguous = query_BNGD.contiguous();
        Tensor result = empty([query[0], query[1], query[2], values[3]], dtype: query_BNGD.dtype);
        var work = new Work((int)query[1], (int)query[2], (int)query[3], (int)values[3], scale, seen_B.ToArray(), contiguous);
        var keyPlace = new Place(keys_BNSD.DataPointer, keys_BNSD.stride(0), keys_BNSD.stride(1), keys_BNSD.stride(2));
        var valuePlace = new Place(values_BNSW.DataPointer, values_BNSW.stride(0), values_BNSW.stride(1), values_BNSW.stride(2));
        if (query_BNGD.dtype == ScalarType.BFloat16)
            work.Run<ushort>(keyPlace, valuePlace, result);
        else
            work.Run<float>(keyPlace, valuePlace, result);
        GC.KeepAlive(keys_BNSD);
        GC.KeepAlive(values_BNSW);
        return result;
#endif
    }

    private static string Text(long[] shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>Where the vectors of a cache lie; strides in elements.</summary>
    private readonly record struct Place(nint Start, long OfText, long OfHead, long OfPosition)
    {
        public bool IsPartOf<T>(Place other) where T : unmanaged => Start >= other.Start && Start < other.Start + other.OfPosition * sizeof(T);

        public T* At<T>(int text, int head, int position) where T : unmanaged =>
            (T*)Start + text * OfText + head * OfHead + position * OfPosition;
    }

    /// <summary>One call: sizes, scaled queries, and what became of each part.</summary>
    private sealed class Work(int heads, int queries, int keyWidth, int valueWidth, float scale, (int First, int End)[] seen_B, Tensor query_BNGD)
    {
        // Queries in whole blocks: the rest of the last one is zero and goes nowhere.
        private readonly int _padded = (queries + Tile - 1) / Tile * Tile;

        public void Run<T>(Place keys, Place values, Tensor result) where T : unmanaged
        {
            int[] firstItem_B = new int[seen_B.Length + 1];
            for (int text = 0; text < seen_B.Length; text++)
                firstItem_B[text + 1] = firstItem_B[text] + heads * Parts(text);
            int items = firstItem_B[^1], sizeOfPart = _padded * (valueWidth + 2);
            float[] query = ArrayPool<float>.Shared.Rent(seen_B.Length * heads * _padded * keyWidth);
            float[] parts = ArrayPool<float>.Shared.Rent(checked(items * sizeOfPart));
            ReadQueries(query);
            bool areApart = !values.IsPartOf<T>(keys); // else values come with their keys
            long workOfPart = (long)_padded * PartLength * (keyWidth + valueWidth);
            RowLoop.Run(
                items,
                () => new float[_padded * BlockLength],
                (scores, item) =>
                {
                    int text = Array.BinarySearch(firstItem_B, item);
                    text = text < 0 ? ~text - 1 : text;
                    var (head, part) = int.DivRem(item - firstItem_B[text], Parts(text));
                    int first = seen_B[text].First + part * PartLength, count = Math.Min(PartLength, seen_B[text].End - first);
                    fixed (float* q = &query[(text * heads + head) * _padded * keyWidth], s = scores, sums = &parts[item * sizeOfPart])
                    {
                        Begin(sums);
                        for (int done = 0; done < count; done += BlockLength)
                        {
                            int length = Math.Min(BlockLength, count - done);
                            Score(q, keys.At<T>(text, head, first + done), keys.OfPosition, length, s);
                            Weigh(s, length, sums);
                            Mix(s, values.At<T>(text, head, first + done), values.OfPosition, length, areApart, sums + 2 * _padded);
                        }
                    }
                },
                (int)Math.Max(1, WorkOfThread / workOfPart));
            Combine(parts, firstItem_B, sizeOfPart, result);
            ArrayPool<float>.Shared.Return(query);
            ArrayPool<float>.Shared.Return(parts);
        }

        private int Parts(int text) => (seen_B[text].End - seen_B[text].First + PartLength - 1) / PartLength;

        private void ReadQueries(float[] scaled)
        {
            using var matrix = query_BNGD.view(-1, keyWidth);
            var rows = new TensorRows(matrix);
            for (int group = 0; group < seen_B.Length * heads; group++)
            {
                Span<float> target = scaled.AsSpan(group * _padded * keyWidth, _padded * keyWidth);
                for (int g = 0; g < queries; g++)
                {
                    Span<float> row = target.Slice(g * keyWidth, keyWidth);
                    rows.Read(group * queries + g, row);
                    RowMath.Scale(row, scale, row);
                }
                target[(queries * keyWidth)..].Clear();
            }
        }

        private void Begin(float* sums)
        {
            new Span<float>(sums, _padded).Fill(float.NegativeInfinity);
            new Span<float>(sums + _padded, _padded * (valueWidth + 1)).Clear();
        }

        /// <summary>Products of all queries and the keys of a block; minus infinity from its end to the next whole vector.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Score<T>(float* query, T* keys, long stride, int count, float* scores) where T : unmanaged
        {
            for (int position = 0; position < count; position += Tile)
            {
                // Past the end the last key again; what comes of it is overwritten below.
                T* k0 = keys + position * stride, k1 = keys + Math.Min(position + 1, count - 1) * stride;
                T* k2 = keys + Math.Min(position + 2, count - 1) * stride, k3 = keys + Math.Min(position + 3, count - 1) * stride;
                Prefetch(k0 + Ahead<T>(keyWidth) * stride, Tile * keyWidth);
                for (int g = 0; g < _padded; g += Tile)
                    ScoreBlock(query + g * keyWidth, k0, k1, k2, k3, scores + g * BlockLength + position);
            }
            int end = (count + Lanes - 1) / Lanes * Lanes;
            for (int g = 0; g < _padded && count < end; g++)
                new Span<float>(scores + g * BlockLength + count, end - count).Fill(float.NegativeInfinity);
        }

        /// <summary>Four queries times four keys in sixteen registers.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void ScoreBlock<T>(float* query, T* k0, T* k1, T* k2, T* k3, float* scores) where T : unmanaged
        {
            float* q0 = query, q1 = q0 + keyWidth, q2 = q1 + keyWidth, q3 = q2 + keyWidth;
            Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default, s10 = default, s11 = default, s12 = default, s13 = default;
            Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default, s30 = default, s31 = default, s32 = default, s33 = default;
            for (int d = 0; d < keyWidth; d += Lanes)
            {
                Vector512<float> a = Load(k0 + d), b = Load(k1 + d), c = Load(k2 + d), e = Load(k3 + d);
                var q = Vector512.Load(q0 + d);
                s00 = Vector512.FusedMultiplyAdd(q, a, s00);
                s01 = Vector512.FusedMultiplyAdd(q, b, s01);
                s02 = Vector512.FusedMultiplyAdd(q, c, s02);
                s03 = Vector512.FusedMultiplyAdd(q, e, s03);
                q = Vector512.Load(q1 + d);
                s10 = Vector512.FusedMultiplyAdd(q, a, s10);
                s11 = Vector512.FusedMultiplyAdd(q, b, s11);
                s12 = Vector512.FusedMultiplyAdd(q, c, s12);
                s13 = Vector512.FusedMultiplyAdd(q, e, s13);
                q = Vector512.Load(q2 + d);
                s20 = Vector512.FusedMultiplyAdd(q, a, s20);
                s21 = Vector512.FusedMultiplyAdd(q, b, s21);
                s22 = Vector512.FusedMultiplyAdd(q, c, s22);
                s23 = Vector512.FusedMultiplyAdd(q, e, s23);
                q = Vector512.Load(q3 + d);
                s30 = Vector512.FusedMultiplyAdd(q, a, s30);
                s31 = Vector512.FusedMultiplyAdd(q, b, s31);
                s32 = Vector512.FusedMultiplyAdd(q, c, s32);
                s33 = Vector512.FusedMultiplyAdd(q, e, s33);
            }
            Sums(s00, s01, s02, s03).Store(scores);
            Sums(s10, s11, s12, s13).Store(scores + BlockLength);
            Sums(s20, s21, s22, s23).Store(scores + 2 * BlockLength);
            Sums(s30, s31, s32, s33).Store(scores + 3 * BlockLength);
        }

        /// <summary>Scores to exp(score - largest so far), in place; what was summed before is scaled to the same largest.</summary>
        /// <param name="scores">[G, 32].</param>
        /// <param name="count">Positions of the block.</param>
        /// <param name="sums">The largest score of each query, then the sum of each query's exponentials, then the weighted values [G, W].</param>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Weigh(float* scores, int count, float* sums)
        {
            for (int g = 0; g < _padded; g++, scores += BlockLength)
            {
                var largest = Vector512.Create(sums[g]);
                for (int i = 0; i < count; i += Lanes)
                    largest = Larger(Vector512.Load(scores + i), largest);
                float max = Largest(largest);
                // With nothing but minus infinity so far nothing is taken off: exp(-inf) is 0, exp(-inf + inf) would not be.
                float shift = float.IsNegativeInfinity(max) ? 0 : max;
                if (max != sums[g])
                {
                    float factor = MathF.Exp(sums[g] - shift);
                    sums[g] = max;
                    sums[_padded + g] *= factor;
                    var mixed = new Span<float>(sums + 2 * _padded + g * valueWidth, valueWidth);
                    RowMath.Scale(mixed, factor, mixed);
                }
                var sum = Vector512<float>.Zero;
                for (int i = 0; i < count; i += Lanes)
                {
                    Vector512<float> weight = RowMath.Exp(Vector512.Load(scores + i) - Vector512.Create(shift));
                    sum += weight;
                    weight.Store(scores + i);
                }
                sums[_padded + g] += Vector512.Sum(sum);
            }
        }

        /// <summary>Values of a block, weighted and added.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Mix<T>(float* weights, T* values, long stride, int count, bool areApart, float* mixed) where T : unmanaged
        {
            for (int g = 0; g < _padded; g += Tile)
            {
                int column = 0;
                for (; column <= valueWidth - 4 * Lanes; column += 4 * Lanes)
                {
                    long ahead = areApart && g == 0 ? Ahead<T>(valueWidth) * stride : 0;
                    MixBlock(weights + g * BlockLength, values + column, stride, count, ahead, mixed + g * valueWidth + column);
                }
                for (; column < valueWidth; column += Lanes)
                    MixColumn(weights + g * BlockLength, values + column, stride, count, mixed + g * valueWidth + column);
            }
        }

        /// <summary>Four queries, 64 columns, in sixteen registers.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void MixBlock<T>(float* weights, T* values, long stride, int count, long ahead, float* mixed) where T : unmanaged
        {
            float* w1 = weights + BlockLength, w2 = w1 + BlockLength, w3 = w2 + BlockLength;
            float* mixed1 = mixed + valueWidth, mixed2 = mixed1 + valueWidth, mixed3 = mixed2 + valueWidth;
            Vector512<float> m00 = Vector512.Load(mixed), m01 = Vector512.Load(mixed + Lanes), m02 = Vector512.Load(mixed + 2 * Lanes), m03 = Vector512.Load(mixed + 3 * Lanes);
            Vector512<float> m10 = Vector512.Load(mixed1), m11 = Vector512.Load(mixed1 + Lanes), m12 = Vector512.Load(mixed1 + 2 * Lanes), m13 = Vector512.Load(mixed1 + 3 * Lanes);
            Vector512<float> m20 = Vector512.Load(mixed2), m21 = Vector512.Load(mixed2 + Lanes), m22 = Vector512.Load(mixed2 + 2 * Lanes), m23 = Vector512.Load(mixed2 + 3 * Lanes);
            Vector512<float> m30 = Vector512.Load(mixed3), m31 = Vector512.Load(mixed3 + Lanes), m32 = Vector512.Load(mixed3 + 2 * Lanes), m33 = Vector512.Load(mixed3 + 3 * Lanes);
            for (int s = 0; s < count; s++, values += stride)
            {
                if (ahead != 0)
                    Prefetch(values + ahead, 4 * Lanes);
                Vector512<float> a = Load(values), b = Load(values + Lanes), c = Load(values + 2 * Lanes), e = Load(values + 3 * Lanes);
                var weight = Vector512.Create(weights[s]);
                m00 = Vector512.FusedMultiplyAdd(weight, a, m00);
                m01 = Vector512.FusedMultiplyAdd(weight, b, m01);
                m02 = Vector512.FusedMultiplyAdd(weight, c, m02);
                m03 = Vector512.FusedMultiplyAdd(weight, e, m03);
                weight = Vector512.Create(w1[s]);
                m10 = Vector512.FusedMultiplyAdd(weight, a, m10);
                m11 = Vector512.FusedMultiplyAdd(weight, b, m11);
                m12 = Vector512.FusedMultiplyAdd(weight, c, m12);
                m13 = Vector512.FusedMultiplyAdd(weight, e, m13);
                weight = Vector512.Create(w2[s]);
                m20 = Vector512.FusedMultiplyAdd(weight, a, m20);
                m21 = Vector512.FusedMultiplyAdd(weight, b, m21);
                m22 = Vector512.FusedMultiplyAdd(weight, c, m22);
                m23 = Vector512.FusedMultiplyAdd(weight, e, m23);
                weight = Vector512.Create(w3[s]);
                m30 = Vector512.FusedMultiplyAdd(weight, a, m30);
                m31 = Vector512.FusedMultiplyAdd(weight, b, m31);
                m32 = Vector512.FusedMultiplyAdd(weight, c, m32);
                m33 = Vector512.FusedMultiplyAdd(weight, e, m33);
            }
            Store(m00, m01, m02, m03, mixed);
            Store(m10, m11, m12, m13, mixed1);
            Store(m20, m21, m22, m23, mixed2);
            Store(m30, m31, m32, m33, mixed3);
        }

        /// <summary>Four queries, 16 columns.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void MixColumn<T>(float* weights, T* values, long stride, int count, float* mixed) where T : unmanaged
        {
            Vector512<float> m0 = Vector512.Load(mixed), m1 = Vector512.Load(mixed + valueWidth);
            Vector512<float> m2 = Vector512.Load(mixed + 2 * valueWidth), m3 = Vector512.Load(mixed + 3 * valueWidth);
            for (int s = 0; s < count; s++, values += stride)
            {
                Vector512<float> a = Load(values);
                m0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s]), a, m0);
                m1 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[BlockLength + s]), a, m1);
                m2 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[2 * BlockLength + s]), a, m2);
                m3 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[3 * BlockLength + s]), a, m3);
            }
            m0.Store(mixed);
            m1.Store(mixed + valueWidth);
            m2.Store(mixed + 2 * valueWidth);
            m3.Store(mixed + 3 * valueWidth);
        }

        /// <summary>Puts the parts of each text and head together, in order.</summary>
        private void Combine(float[] done, int[] firstItem_B, int sizeOfPart, Tensor result)
        {
            using var matrix = result.view(-1, valueWidth);
            var rows = new TensorRows(matrix);
            int longest = seen_B.Max(seen => seen.End - seen.First);
            RowLoop.Run((int)rows.Count, () => new float[valueWidth], (scratch, row) =>
            {
                int group = row / queries, text = group / heads, parts = Parts(text), g = row % queries;
                ReadOnlySpan<float> all = done.AsSpan((firstItem_B[text] + group % heads * parts) * sizeOfPart, parts * sizeOfPart);
                float max = float.NegativeInfinity;
                for (int part = 0; part < parts; part++)
                    max = MathF.Max(max, all[part * sizeOfPart + g]);
                Span<float> mixed = rows.Edit(row, scratch, isOverwritten: true);
                mixed.Clear();
                float sum = 0;
                for (int part = 0; part < parts; part++)
                {
                    ReadOnlySpan<float> one = all.Slice(part * sizeOfPart, sizeOfPart);
                    float factor = one[g] == max ? 1 : MathF.Exp(one[g] - max);
                    sum += factor * one[_padded + g];
                    RowMath.AddScaled(one.Slice(2 * _padded + g * valueWidth, valueWidth), factor, mixed);
                }
                RowMath.Scale(mixed, 1 / sum, mixed);
                rows.Commit(row, mixed);
            }, (int)Math.Max(1, WorkOfThread / (valueWidth * (1L + longest / PartLength))));
        }

        private static int Ahead<T>(int width) where T : unmanaged => Math.Max(Tile, BytesAhead / (width * sizeof(T)));

        /// <summary>Asks memory for numbers without waiting for them; they need not be ours.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Prefetch<T>(T* from, int count) where T : unmanaged
        {
            if (Sse.IsSupported)
                for (int line = 0; line < count * sizeof(T); line += 64)
                    Sse.Prefetch0((byte*)from + line);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Load<T>(T* from) where T : unmanaged
        {
            if (typeof(T) == typeof(float))
                return Vector512.Load((float*)from);
            var halves = Vector256.Load((ushort*)from);
            Vector512<uint> wide;
            if (Avx512F.IsSupported)
            {
                wide = Avx512F.ConvertToVector512UInt32(halves);
            }
            else
            {
                var (lower, upper) = Vector256.Widen(halves);
                wide = Vector512.Create(lower, upper);
            }
            return (wide << 16).AsSingle();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Store(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> e, float* to)
        {
            a.Store(to);
            b.Store(to + Lanes);
            c.Store(to + 2 * Lanes);
            e.Store(to + 3 * Lanes);
        }

        /// <summary>The sum of each of four vectors.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> Sums(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> e)
        {
            Vector128<float> a4 = Quarter(a), b4 = Quarter(b), c4 = Quarter(c), e4 = Quarter(e);
            if (!Sse.IsSupported)
                return Vector128.Create(a4[0] + a4[2] + (a4[1] + a4[3]), b4[0] + b4[2] + (b4[1] + b4[3]), c4[0] + c4[2] + (c4[1] + c4[3]), e4[0] + e4[2] + (e4[1] + e4[3]));
            Vector128<float> ab = Sse.UnpackLow(a4, b4) + Sse.UnpackHigh(a4, b4), ce = Sse.UnpackLow(c4, e4) + Sse.UnpackHigh(c4, e4);
            return Sse.MoveLowToHigh(ab, ce) + Sse.MoveHighToLow(ce, ab);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> Quarter(Vector512<float> x)
        {
            Vector256<float> half = x.GetLower() + x.GetUpper();
            return half.GetLower() + half.GetUpper();
        }

        /// <summary>The larger of two, or the second one where the first is NaN.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Larger(Vector512<float> x, Vector512<float> y) => Vector512.ConditionalSelect(Vector512.GreaterThan(x, y), x, y);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float Largest(Vector512<float> x)
        {
            Vector256<float> half = Vector256.ConditionalSelect(Vector256.GreaterThan(x.GetLower(), x.GetUpper()), x.GetLower(), x.GetUpper());
            Vector128<float> quarter = Vector128.ConditionalSelect(Vector128.GreaterThan(half.GetLower(), half.GetUpper()), half.GetLower(), half.GetUpper());
            return Math.Max(Math.Max(quarter[0], quarter[1]), Math.Max(quarter[2], quarter[3]));
        }
    }
}
