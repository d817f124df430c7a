using System.IO.MemoryMappedFiles;

using TorchSharp;

namespace E3Scale.MoE;

/// <summary>
/// A memory-mapped safetensors file: opening reads the header only, and of the data only the bytes asked for are touched.
/// </summary>
/// <remarks>Safe to read from several threads. The file must not shrink while it is open.</remarks>
public sealed class SafetensorsFile : IDisposable
{
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

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }
}
