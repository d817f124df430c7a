using System.Buffers;
using System.IO.MemoryMappedFiles;

using Microsoft.Win32.SafeHandles;

using TorchSharp;

namespace E3Scale.MoE;

/// <summary>
/// A memory-mapped safetensors file: opening reads the header only, and of the data only the bytes asked for are touched.
/// </summary>
/// <remarks>Safe to read from several threads. The file must not shrink while it is open.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int StreamBytes = 1 << 22;

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<string, TensorEntry> _byName;
    private readonly SafetensorsHeader _header;
    private long _bytesRead;

    private SafetensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, SafetensorsHeader header)
    {
        Path = path;
        _map = map;
        _view = view;
        _header = header;
        _byName = header.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>Tensors in the order of their bytes.</summary>
    public IReadOnlyList<TensorEntry> Entries => _header.Entries;

    /// <summary>The file's free text; empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Bytes of tensors that were asked for so far.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file cannot be read, or its header is wrong.</exception>
    public static SafetensorsFile Open(string path)
    {
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            long fileBytes = stream.Length;
            if (fileBytes < sizeof(ulong))
                throw new CheckpointException($"{path}: {fileBytes} bytes, too short for a safetensors file. Download it again.");
            map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = map.CreateViewAccessor(0, fileBytes, MemoryMappedFileAccess.Read);
            byte[] json = new byte[SafetensorsHeader.CheckLength(view.ReadUInt64(0), fileBytes, path)];
            view.SafeMemoryMappedViewHandle.ReadSpan<byte>(sizeof(ulong), json);
            return new SafetensorsFile(path, map, view, SafetensorsHeader.Parse(json, fileBytes, path));
        }
        catch (Exception e)
        {
            view?.Dispose();
            map?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw new CheckpointException($"{path}: cannot be read ({e.Message}). Check that the model folder is complete.", e);
            throw;
        }
    }

    /// <summary>Whether the file holds a tensor.</summary>
    /// <param name="name">Its name.</param>
    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>Header entry of a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="CheckpointException">The file has no such tensor.</exception>
    public TensorEntry Entry(string name) => _byName.TryGetValue(name, out TensorEntry? entry)
        ? entry
        : throw new CheckpointException($"{Path}: has no tensor '{name}', only {Entries.Count} others. Is it the file of another model?");

    /// <summary>Copies raw bytes of a tensor.</summary>
    /// <param name="entry">An entry of this file.</param>
    /// <param name="start">First byte, counted from the tensor's own start.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie in the tensor.</exception>
    public void Read(TensorEntry entry, long start, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, entry.ByteCount - destination.Length);
        _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(entry.Offset + start), destination);
        Interlocked.Add(ref _bytesRead, destination.Length);
    }

    /// <summary>
    /// Hands out a tensor's bytes in order, past the mapping: pages of whole checkpoints that pass by once would count as this process's memory.
    /// </summary>
    /// <param name="entry">An entry of this file.</param>
    /// <param name="take">Called for consecutive pieces.</param>
    /// <exception cref="CheckpointException">The file cannot be read, or has become shorter.</exception>
    internal void Stream(TensorEntry entry, TensorBytes.Take take)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(StreamBytes);
        using SafeFileHandle handle = Guard(() => File.OpenHandle(Path, options: FileOptions.SequentialScan));
        for (long start = 0, count; start < entry.ByteCount; start += count)
        {
            int wanted = (int)Math.Min(StreamBytes, entry.ByteCount - start);
            count = Guard(() => RandomAccess.Read(handle, buffer.AsSpan(0, wanted), entry.Offset + start));
            if (count == 0)
                throw new CheckpointException(
                    $"{Path}: ends at byte {entry.Offset + start}, inside of tensor '{entry.Name}'. The file became shorter while it was read.");
            take(start, buffer.AsSpan(0, (int)count));
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Reads a whole tensor in its stored type.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>A contiguous CPU tensor, owned by the caller.</returns>
    /// <exception cref="CheckpointException">There is no such tensor, or it holds 8-bit floats.</exception>
    public torch.Tensor Load(string name)
    {
        TensorEntry entry = Entry(name);
        torch.ScalarType type = entry.Type.ToScalarType()
            ?? throw new CheckpointException(
                $"{Path}: tensor '{name}' is {entry.Type}, which has to be dequantised with its scales, not read as it is.");
        return TensorBytes.Create([.. entry.Shape], type, (start, destination) => Read(entry, start, destination));
    }

    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{Path}: cannot be read ({e.Message}). Check that the model folder is complete.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }
}
