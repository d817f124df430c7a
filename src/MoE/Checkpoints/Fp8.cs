using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

using E3Scale.Kernels;

namespace E3Scale.MoE;

/// <summary>
/// The 8-bit float e4m3fn: 1 sign, 4 exponent (bias 7) and 3 mantissa bits; no infinities, NaN at 0x7F and 0xFF, largest value 448.
/// </summary>
/// <remarks>Micikevicius et al. 2022, "FP8 formats for deep learning".</remarks>
public static class Fp8
{
    /// <summary>Largest finite value.</summary>
    public const float MaxValue = 448;

    private static readonly float[] DecodeTable = MakeDecodeTable();

    /// <summary>Value of a code.</summary>
    /// <param name="code">The byte.</param>
    public static float Decode(byte code) => DecodeTable[code];

    /// <summary>Nearest code, ties to even; values beyond 448 become 448, NaN becomes NaN.</summary>
    /// <param name="value">Any float.</param>
    public static byte Encode(float value)
    {
        const int DroppedBits = 20; // 23 mantissa bits of a float, 3 of a code
        const uint SmallestNormal = (127 - 6) << 23; // 2^-6
        const uint Overflow = 0x43E8_0000; // 464, halfway between 448 and the 480 that does not exist
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint sign = bits >> 31 << 7;
        uint magnitude = bits & 0x7FFF_FFFF;
        if (float.IsNaN(value))
            return (byte)(sign | 0x7F);
        if (magnitude >= Overflow)
            return (byte)(sign | 0x7E);
        if (magnitude < SmallestNormal)
        {
            // Subnormal codes step by 2^-9, which is the step of floats in [2^14, 2^15): the addition rounds to it.
            float rounded = BitConverter.UInt32BitsToSingle(magnitude) + 16384f;
            return (byte)(sign | (BitConverter.SingleToUInt32Bits(rounded) - BitConverter.SingleToUInt32Bits(16384f)));
        }
        uint half = (1u << (DroppedBits - 1)) - 1 + ((magnitude >> DroppedBits) & 1);
        uint code = ((magnitude + half) >> DroppedBits) - ((127 - 7) << 3);
        return (byte)(sign | Math.Min(code, 0x7E));
    }

    /// <summary>Decodes rows of a block-quantised matrix: value of the code times the scale of its block, rounded once.</summary>
    /// <param name="codes">Whole rows.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="firstRow">Row of the matrix that <paramref name="codes"/> begins with.</param>
    /// <param name="scales">All scales of the matrix, row-major, ceil(rows / blockRows) by ceil(columns / blockColumns).</param>
    /// <param name="blockRows">Rows of a block.</param>
    /// <param name="blockColumns">Columns of a block; blocks at the edges may be partial.</param>
    /// <param name="values">As many as codes.</param>
    public static void Dequantize(
        ReadOnlySpan<byte> codes, int columns, long firstRow, ReadOnlySpan<float> scales, int blockRows, int blockColumns, Span<float> values)
    {
        int scaleColumns = (columns + blockColumns - 1) / blockColumns;
        for (int start = 0; start < codes.Length; start += columns)
        {
            ReadOnlySpan<float> rowScales = RowScales(scales, (firstRow + start / columns) / blockRows, scaleColumns);
            for (int column = 0; column < columns; column += blockColumns)
            {
                int width = Math.Min(blockColumns, columns - column);
                Scale(codes.Slice(start + column, width), rowScales[column / blockColumns], values.Slice(start + column, width));
            }
        }
    }

    /// <summary>The same into bfloat16: the float32 product of code and scale, rounded to nearest even.</summary>
    /// <param name="codes">Whole rows.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="firstRow">Row of the matrix that <paramref name="codes"/> begins with.</param>
    /// <param name="scales">All scales of the matrix.</param>
    /// <param name="blockRows">Rows of a block.</param>
    /// <param name="blockColumns">Columns of a block.</param>
    /// <param name="bits">Receives bfloat16 bits, as many as codes.</param>
    public static void Dequantize(
        ReadOnlySpan<byte> codes, int columns, long firstRow, ReadOnlySpan<float> scales, int blockRows, int blockColumns, Span<ushort> bits)
    {
        const int Piece = 512; // floats that stay in the first-level cache between the two passes
        Span<float> values = stackalloc float[Piece];
        int scaleColumns = (columns + blockColumns - 1) / blockColumns;
        for (int start = 0; start < codes.Length; start += columns)
        {
            ReadOnlySpan<float> rowScales = RowScales(scales, (firstRow + start / columns) / blockRows, scaleColumns);
            for (int column = 0, width; column < columns; column += width)
            {
                width = Math.Min(Math.Min(blockColumns - column % blockColumns, Piece), columns - column);
                Scale(codes.Slice(start + column, width), rowScales[column / blockColumns], values[..width]);
                BFloat16Rows.Narrow(values[..width], bits.Slice(start + column, width));
            }
        }
    }

    /// <summary>Quantises a matrix in blocks, each with the scale max|block| / 448.</summary>
    /// <param name="values">The matrix, row-major.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="blockRows">Rows of a block.</param>
    /// <param name="blockColumns">Columns of a block; blocks at the edges may be partial.</param>
    /// <param name="codes">As many as values.</param>
    /// <param name="scales">One per block, row-major; 1 for a block of zeros, or of numbers whose scale would be 0.</param>
    public static void Quantize(
        ReadOnlySpan<float> values, int columns, int blockRows, int blockColumns, Span<byte> codes, Span<float> scales)
    {
        int rows = values.Length / columns;
        int next = 0;
        for (int row = 0; row < rows; row += blockRows)
        {
            int height = Math.Min(blockRows, rows - row);
            for (int column = 0; column < columns; column += blockColumns)
            {
                int width = Math.Min(blockColumns, columns - column);
                float largest = 0;
                for (int r = row; r < row + height; r++)
                    foreach (float value in values.Slice(r * columns + column, width))
                        largest = Math.Max(largest, Math.Abs(value));
                float scale = largest / MaxValue;
                if (!(scale > 0))
                    scale = 1; // zeros, numbers so small that their scale is 0, and NaN
                scales[next++] = scale;
                for (int r = row; r < row + height; r++)
                    for (int c = column; c < column + width; c++)
                        // Divided, not multiplied by a reciprocal: that would move single codes by one.
                        codes[r * columns + c] = Encode(values[r * columns + c] / scale);
            }
        }
    }

    private static ReadOnlySpan<float> RowScales(ReadOnlySpan<float> scales, long blockRow, int scaleColumns) =>
        scales.Slice(checked((int)(blockRow * scaleColumns)), scaleColumns);

    /// <summary>Equals DecodeTable[code] * scale; 32 codes at a time, the rest and machines without vectors by the table.</summary>
    private static void Scale(ReadOnlySpan<byte> codes, float scale, Span<float> values)
    {
        ref byte from = ref MemoryMarshal.GetReference(codes);
        ref float to = ref MemoryMarshal.GetReference(values[..codes.Length]);
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> scales = Vector256.Create(scale);
            for (; i <= codes.Length - Vector256<byte>.Count; i += Vector256<byte>.Count)
            {
                (Vector256<ushort> lower, Vector256<ushort> upper) = Vector256.Widen(Vector256.LoadUnsafe(ref from, (nuint)i));
                (Vector256<uint> first, Vector256<uint> second) = Vector256.Widen(lower);
                (Vector256<uint> third, Vector256<uint> fourth) = Vector256.Widen(upper);
                (Decode(first) * scales).StoreUnsafe(ref to, (nuint)i);
                (Decode(second) * scales).StoreUnsafe(ref to, (nuint)(i + 8));
                (Decode(third) * scales).StoreUnsafe(ref to, (nuint)(i + 16));
                (Decode(fourth) * scales).StoreUnsafe(ref to, (nuint)(i + 24));
            }
        }
        ref float table = ref MemoryMarshal.GetArrayDataReference(DecodeTable);
        for (; i < codes.Length; i++)
            Unsafe.Add(ref to, i) = Unsafe.Add(ref table, codes[i]) * scale;
    }

    /// <summary>Values of eight codes, one in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Decode(Vector256<uint> codes)
    {
        // A normal code's exponent and mantissa are a float's once moved up 20 bits and raised by the difference of the biases.
        Vector256<uint> magnitude = codes & Vector256.Create(0x7Fu);
        Vector256<float> value = ((magnitude << 20) + Vector256.Create((127u - 7) << 23)).AsSingle();
        // A subnormal code is its mantissa times 2^-9. Not done by a subnormal float, which some processors take far longer for.
        Vector256<float> subnormal = Vector256.ConvertToSingle(magnitude.AsInt32()) * Vector256.Create(1f / 512);
        value = Vector256.ConditionalSelect(Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(8)).AsSingle(), subnormal, value);
        value = Vector256.ConditionalSelect(
            Vector256.Equals(magnitude, Vector256.Create(0x7Fu)).AsSingle(), Vector256.Create(0x7FC0_0000u).AsSingle(), value);
        return (value.AsUInt32() | ((codes & Vector256.Create(0x80u)) << 24)).AsSingle();
    }

    private static float[] MakeDecodeTable()
    {
        float[] table = new float[256];
        for (int code = 0; code < 256; code++)
        {
            int exponent = (code >> 3) & 15;
            int mantissa = code & 7;
            float magnitude = exponent == 0
                ? MathF.ScaleB(mantissa, -9)
                : MathF.ScaleB(8 + mantissa, exponent - 10);
            if ((code & 0x7F) == 0x7F)
                magnitude = BitConverter.UInt32BitsToSingle(0x7FC0_0000); // .NET's own NaN has the sign bit set
            table[code] = code < 128 ? magnitude : -magnitude;
        }
        return table;
    }
}
