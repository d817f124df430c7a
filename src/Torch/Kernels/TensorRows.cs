using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Kernels;

/// <summary>Rows of a contiguous float32 or bfloat16 matrix in host memory, read and written as float32.</summary>
/// <remarks>Kernels go row by row, so a bfloat16 matrix needs one widened row at a time and never a float32 copy of itself.</remarks>
public sealed unsafe class TensorRows
{
    private readonly Tensor _matrix; // keeps the memory alive
    private readonly byte* _start;
    private readonly bool _isBFloat16;

    /// <summary>Opens a matrix.</summary>
    /// <param name="matrix">[rows, width], see <see cref="Supports"/>; not owned, and must not be disposed while rows are used.</param>
    /// <exception cref="ArgumentException">The tensor is not supported.</exception>
    public TensorRows(Tensor matrix)
    {
        if (!Supports(matrix))
            throw new ArgumentException($"a contiguous float32 or bfloat16 matrix in host memory is needed, not {matrix}", nameof(matrix));
        _matrix = matrix;
        _start = (byte*)TensorMemory.Pointer(matrix);
        _isBFloat16 = matrix.dtype == ScalarType.BFloat16;
        Count = matrix.shape[0];
        Width = checked((int)matrix.shape[1]);
    }

    /// <summary>Whether entries are bfloat16.</summary>
    public bool IsBFloat16 => _isBFloat16;

    /// <summary>Number of rows.</summary>
    public long Count { get; }

    /// <summary>Entries of a row.</summary>
    public int Width { get; }

    /// <summary>Whether rows of this tensor can be opened: a contiguous matrix of float32 or bfloat16 on the CPU.</summary>
    /// <param name="tensor">Any tensor.</param>
    public static bool Supports(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.device_type == DeviceType.CPU && tensor.dim() == 2 && tensor.is_contiguous() &&
            tensor.dtype is ScalarType.Float32 or ScalarType.BFloat16;
    }

    /// <summary>One entry; written values are rounded to the matrix's type.</summary>
    /// <param name="row">0-based row.</param>
    /// <param name="column">0-based column.</param>
    public float this[long row, int column]
    {
        get
        {
            CheckRange(row, column);
            long at = row * Width + column;
            float value = _isBFloat16 ? BitConverter.UInt32BitsToSingle((uint)((ushort*)_start)[at] << 16) : ((float*)_start)[at];
            GC.KeepAlive(_matrix);
            return value;
        }
        set
        {
            CheckRange(row, column);
            long at = row * Width + column;
            if (_isBFloat16)
                ((ushort*)_start)[at] = BFloat16Rows.Round(value);
            else
                ((float*)_start)[at] = value;
            GC.KeepAlive(_matrix);
        }
    }

    /// <summary>Copies a row out.</summary>
    /// <param name="row">0-based row.</param>
    /// <param name="target">Receives it, [width].</param>
    public void Read(long row, Span<float> target)
    {
        CheckRange(row, 0);
        if (_isBFloat16)
            BFloat16Rows.Widen(new ReadOnlySpan<ushort>((ushort*)_start + row * Width, Width), target);
        else
            new ReadOnlySpan<float>((float*)_start + row * Width, Width).CopyTo(target);
        GC.KeepAlive(_matrix);
    }

    /// <summary>A row as float32, without a copy where it is float32 already. Keep the matrix alive while it is used.</summary>
    /// <param name="row">0-based row.</param>
    /// <param name="widened">Room for a bfloat16 row, [width].</param>
    public ReadOnlySpan<float> View(long row, Span<float> widened)
    {
        CheckRange(row, 0);
        if (!_isBFloat16)
            return new ReadOnlySpan<float>((float*)_start + row * Width, Width);
        Read(row, widened);
        return widened[..Width];
    }

    /// <summary>A row to be changed in place: itself where it is float32, else a copy that <see cref="Commit"/> writes back.</summary>
    /// <param name="row">0-based row.</param>
    /// <param name="room">Room for a bfloat16 row, [width].</param>
    /// <param name="isOverwritten">Whether no entry is read before it is written: then a bfloat16 row is not read either.</param>
    public Span<float> Edit(long row, Span<float> room, bool isOverwritten = false)
    {
        CheckRange(row, 0);
        if (!_isBFloat16)
            return new Span<float>((float*)_start + row * Width, Width);
        if (!isOverwritten)
            Read(row, room);
        return room[..Width];
    }

    /// <summary>Ends what <see cref="Edit"/> began.</summary>
    /// <param name="row">0-based row.</param>
    /// <param name="edited">What it gave.</param>
    public void Commit(long row, ReadOnlySpan<float> edited)
    {
        if (_isBFloat16)
            Write(row, edited);
    }

    /// <summary>Overwrites a row.</summary>
    /// <param name="row">0-based row.</param>
    /// <param name="source">The new values, [width].</param>
    public void Write(long row, ReadOnlySpan<float> source)
    {
        CheckRange(row, 0);
        if (_isBFloat16)
            BFloat16Rows.Narrow(source, new Span<ushort>((ushort*)_start + row * Width, Width));
        else
            source.CopyTo(new Span<float>((float*)_start + row * Width, Width));
        GC.KeepAlive(_matrix);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckRange(long row, int column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)row, (ulong)Count, nameof(row));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Width, nameof(column));
    }
}
