using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

using TorchSharp;

namespace E3Scale.MoE;

/// <summary>
/// Writes a safetensors file whose tensors are declared first and then written one at a time in any order, so that only one has to be in
/// memory. The bytes go to a file beside the path; <see cref="Complete"/> flushes it and renames it into place.
/// </summary>
/// <remarks>Widest types come first, then names in ordinal order: every tensor is then aligned to its element size.</remarks>
public sealed class SafetensorsWriter : IDisposable
{
    private const string PartialSuffix = ".partial";

    private readonly string _path;
    private readonly Dictionary<string, TensorEntry> _missing = new(StringComparer.Ordinal);
    private FileStream? _stream;

    /// <summary>Creates the file beside its place, writes the header and reserves the space.</summary>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="tensors">What it will hold.</param>
    /// <param name="metadata">Free text; none when null.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a shape is impossible.</exception>
    /// <exception cref="CheckpointException">The file cannot be written, for example because the disk is full.</exception>
    public SafetensorsWriter(string path, IEnumerable<TensorDeclaration> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        _path = path;
        TensorDeclaration[] sorted = [.. tensors.OrderByDescending(t => t.Type.ByteSize()).ThenBy(t => t.Name, StringComparer.Ordinal)];
        byte[] header = FormatHeader(sorted, metadata);
        long offset = sizeof(ulong) + header.Length;
        foreach (TensorDeclaration tensor in sorted)
        {
            TensorEntry entry = new(tensor.Name, tensor.Type, tensor.Shape, offset, tensor.ByteCount);
            _missing.Add(tensor.Name, entry);
            offset = checked(offset + entry.ByteCount);
        }
        Guard(() => WriteHeader(header, fileBytes: offset));
    }

    /// <summary>Writes a file at once.</summary>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="tensors">Its tensors by name; on any device, not disposed.</param>
    /// <param name="metadata">Free text; none when null.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public static void Save(
        string path, IReadOnlyDictionary<string, torch.Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        using SafetensorsWriter writer = new(
            path, tensors.Select(t => new TensorDeclaration(t.Key, t.Value.dtype.ToSafetensorsType(), t.Value.shape)), metadata);
        foreach ((string name, torch.Tensor tensor) in tensors)
            writer.Write(name, tensor);
        writer.Complete();
    }

    /// <summary>Writes a declared tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tensor">Of the declared type and shape, on any device; not disposed. 8-bit floats come as their codes, uint8.</param>
    /// <exception cref="ArgumentException">Not declared, written before, or of another type or shape.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Write(string name, torch.Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        TensorEntry entry = Expect(name);
        // Codes of 8-bit floats come as bytes.
        if (tensor.dtype != (entry.Type.ToScalarType() ?? torch.ScalarType.Byte) || !tensor.shape.SequenceEqual(entry.Shape))
            throw new ArgumentException(
                $"tensor '{name}' is {tensor.dtype} {TensorEntry.FormatShape(tensor.shape)}, declared as {entry.Type} {entry.ShapeText}");
        using IDisposable scope = torch.NewDisposeScope();
        torch.Tensor contiguous = tensor.detach().cpu().contiguous();
        Guard(() => TensorBytes.Read(contiguous, (start, bytes) => RandomAccess.Write(Handle, bytes, entry.Offset + start)));
        _missing.Remove(name);
    }

    /// <summary>Writes a declared tensor from its bytes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">Row-major, little-endian, the whole tensor.</param>
    /// <exception cref="ArgumentException">Not declared, written before, or of another size.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        TensorEntry entry = Expect(name);
        if (bytes.Length != entry.ByteCount)
            throw new ArgumentException($"tensor '{name}' has {bytes.Length} bytes, declared with {entry.ByteCount}", nameof(bytes));
        WriteBytes(bytes, entry.Offset);
        _missing.Remove(name);
    }

    /// <summary>Copies a declared tensor from another file, piece by piece.</summary>
    /// <param name="name">Its name here.</param>
    /// <param name="source">The other file.</param>
    /// <param name="from">The tensor there: of the declared type and shape, perhaps of another name.</param>
    /// <exception cref="ArgumentException">Not declared, written before, or of another type or shape.</exception>
    /// <exception cref="CheckpointException">The file cannot be written, or the other one not read.</exception>
    public void Copy(string name, SafetensorsFile source, TensorEntry from)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(from);
        TensorEntry entry = Expect(name);
        if (from.Type != entry.Type || !from.Shape.SequenceEqual(entry.Shape))
            throw new ArgumentException($"tensor '{name}' is {from.Type} {from.ShapeText}, declared as {entry.Type} {entry.ShapeText}");
        source.Stream(from, (start, bytes) => WriteBytes(bytes, entry.Offset + start));
        _missing.Remove(name);
    }

    /// <summary>Flushes the file to disk and renames it into place.</summary>
    /// <exception cref="InvalidOperationException">A declared tensor was not written.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Complete()
    {
        if (_missing.Count > 0)
            throw new InvalidOperationException(
                $"{_path}: {_missing.Count} declared tensors were not written, among them '{_missing.Keys.First()}'");
        Guard(() =>
        {
            _stream!.Flush(flushToDisk: true);
            _stream.Dispose();
            _stream = null;
            File.Move(_path + PartialSuffix, _path, overwrite: true);
        });
    }

    /// <summary>Without <see cref="Complete"/>, removes what was written.</summary>
    public void Dispose()
    {
        if (_stream is null)
            return;
        _stream.Dispose();
        _stream = null;
        File.Delete(_path + PartialSuffix);
    }

    private Microsoft.Win32.SafeHandles.SafeFileHandle Handle =>
        _stream?.SafeFileHandle ?? throw new ObjectDisposedException(nameof(SafetensorsWriter));

    private TensorEntry Expect(string name) => _missing.TryGetValue(name, out TensorEntry? entry)
        ? entry
        : throw new ArgumentException($"tensor '{name}' was not declared for {_path}, or was written before", nameof(name));

    private void WriteBytes(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(Handle, bytes, offset);
        }
        catch (IOException e)
        {
            Dispose();
            throw CannotWrite(e);
        }
    }

    private void WriteHeader(byte[] header, long fileBytes)
    {
        // Reserving the space makes a full disk known now and not after hours of work.
        _stream = new FileStream(_path + PartialSuffix, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            BufferSize = 0,
            PreallocationSize = fileBytes,
        });
        byte[] length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        RandomAccess.Write(Handle, length, 0);
        RandomAccess.Write(Handle, header, length.Length);
        // A file that ends in empty tensors, or has none, is complete with its header.
        if (RandomAccess.GetLength(Handle) < fileBytes)
            RandomAccess.SetLength(Handle, fileBytes);
    }

    private static byte[] FormatHeader(TensorDeclaration[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is not null)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (TensorDeclaration tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.ToString());
                WriteIntegers(json, "shape", tensor.Shape);
                WriteIntegers(json, "data_offsets", [offset, offset + tensor.ByteCount]);
                json.WriteEndObject();
                offset = checked(offset + tensor.ByteCount);
            }
            json.WriteEndObject();
        }
        // Spaces up to a multiple of 8 keep the data aligned in a mapped file.
        byte[] header = new byte[(buffer.WrittenCount + 7) / 8 * 8];
        header.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(header);
        return header;
    }

    private static void WriteIntegers(Utf8JsonWriter json, string name, IReadOnlyList<long> values)
    {
        json.WriteStartArray(name);
        foreach (long value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw CannotWrite(e);
        }
    }

    private CheckpointException CannotWrite(Exception e) =>
        new($"{_path}: cannot be written ({e.Message}). Free space on the disk or name another folder.", e);
}
