using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.Kernels;

using TorchSharp;

namespace E3Scale.MoE;

/// <summary>
/// A model folder in Hugging Face's form: config.json with model.safetensors, or with shards and model.safetensors.index.json. Files are
/// memory-mapped and opened when first needed; only the bytes of the tensors asked for are read.
/// </summary>
/// <remarks>
/// FP8 weights with a <c>_scale_inv</c> partner are dequantised on the way. Multi-token-prediction layers (numbers from num_hidden_layers
/// on) and rotary tables are not part of <see cref="TensorNames"/>. Safe to read from several threads.
/// </remarks>
public sealed class HuggingFaceCheckpoint : IWeightSource, IDisposable
{
    internal const int MaxConfigBytes = 1 << 24;

    // Elements converted at once: they stay in the second-level cache between file and tensor.
    private const int ConvertedElements = 1 << 16;

    private delegate void RowDecoder<T>(
        ReadOnlySpan<byte> codes, int columns, long firstRow, ReadOnlySpan<float> scales, int blockRows, int blockColumns, Span<T> values);

    private readonly Dictionary<string, string> _pathOfTensor;
    private readonly ConcurrentDictionary<string, Lazy<SafetensorsFile>> _files = new(StringComparer.Ordinal);
    private readonly BlockQuantization _quantization;
    private readonly Lazy<string> _contentHash;

    private HuggingFaceCheckpoint(ModelFolder folder)
    {
        Folder = folder.Path;
        ConfigPath = folder.Resolve(ModelFolder.ConfigFile, "a model folder");
        (ConfigBytes, ConfigJson) = CheckpointJson.ReadObject(ConfigPath, MaxConfigBytes);
        Family = ModelFamilies.For(ConfigJson, ConfigPath);
        JsonElement config = JsonSerializer.SerializeToElement(ConfigJson);
        Config = Family.ParseConfig(config, ConfigPath);
        _quantization = BlockQuantization.Read(new ConfigReader(config, ConfigPath));
        _pathOfTensor = FindTensors(folder);
        PatchFile = folder.Has(StreamPatch.FileName) ? folder.Resolve(StreamPatch.FileName, "the export that wrote the model") : null;
        _contentHash = new Lazy<string>(() => CheckpointHash.Compute(this));
    }

    /// <summary>Full path of the folder.</summary>
    public string Folder { get; }

    /// <summary>Full path of config.json.</summary>
    public string ConfigPath { get; }

    /// <summary>Full path of the file with patches of the residual stream; null for a model without, as all but E3Scale's own exports are.</summary>
    public string? PatchFile { get; }

    /// <summary>What config.json says, checked.</summary>
    public DecoderConfig Config { get; }

    /// <summary>config.json as it is; do not change it.</summary>
    public JsonObject ConfigJson { get; }

    /// <summary>The architecture.</summary>
    public ModelFamily Family { get; }

    /// <summary>Tensor names of the architecture.</summary>
    public IDecoderWeightNames Names => Family.Names;

    /// <summary>Names of the model's own weights: no scales, rotary tables or multi-token-prediction layers. Unordered.</summary>
    public IEnumerable<string> TensorNames => AllTensorNames.Where(IsModelWeight);

    /// <summary>
    /// SHA-256 in hexadecimal of config.json and of every tensor's name, type, shape and bytes, however they are spread over files.
    /// </summary>
    /// <remarks>Reads the whole checkpoint on first use.</remarks>
    /// <exception cref="CheckpointException">A file cannot be read.</exception>
    public string ContentHash => _contentHash.Value;

    /// <summary>Bytes of tensors, scales included, that were read so far. Those of a part of a model are the bytes of its own tensors.</summary>
    public long BytesRead => _files.Values.Where(file => file.IsValueCreated).Sum(file => file.Value.BytesRead);

    internal byte[] ConfigBytes { get; }

    /// <summary>Blocks of FP8 weights.</summary>
    internal BlockQuantization Quantization => _quantization;

    internal IReadOnlyCollection<string> AllTensorNames => _pathOfTensor.Keys;

    /// <summary>Opens a folder: reads the config and the index, checks both, and finds all files.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CheckpointException">Something is missing or wrong.</exception>
    public static HuggingFaceCheckpoint Open(string folder) => new(new ModelFolder(folder));

    /// <inheritdoc/>
    public bool Contains(string name) => _pathOfTensor.ContainsKey(name);

    /// <summary>Stored shape of a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor.</exception>
    public IReadOnlyList<long> ShapeOf(string name) => Locate(name).Entry.Shape;

    /// <summary>Stored type of a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor.</exception>
    public SafetensorsType TypeOf(string name) => Locate(name).Entry.Type;

    /// <inheritdoc/>
    public torch.Tensor Load(string name, long[] shape, torch.ScalarType dtype)
    {
        (SafetensorsFile file, TensorEntry entry) = LocateWeight(name, shape);
        torch.Tensor stored = IsFp8(entry) ? Dequantize(file, entry, dtype)
            : entry.Type == SafetensorsType.BF16 && dtype == torch.ScalarType.Float32 ? Widen(file, entry)
            : file.Load(name);
        if (stored.dtype == dtype)
            return stored;
        using (stored)
            return stored.to(dtype);
    }

    /// <inheritdoc/>
    public Fp8Matrix? LoadFp8(string name, long[] shape)
    {
        (SafetensorsFile file, TensorEntry entry) = LocateWeight(name, shape);
        if (!IsFp8(entry))
            return null;
        float[] scales = LoadScales(file, entry);
        torch.Tensor codes = TensorBytes.Create(
            [.. entry.Shape], torch.ScalarType.Byte, (start, destination) => file.Read(entry, start, destination));
        torch.Tensor blocks = torch.tensor(scales, _quantization.ScaleShape(entry.Shape[0], entry.Shape[1])).DetachFromDisposeScope();
        return new Fp8Matrix(codes.DetachFromDisposeScope(), blocks, _quantization.BlockRows, _quantization.BlockColumns);
    }

    /// <summary>Closes all files.</summary>
    public void Dispose()
    {
        foreach (Lazy<SafetensorsFile> file in _files.Values)
            if (file.IsValueCreated)
                file.Value.Dispose();
    }

    /// <summary>The open file and the header entry of a tensor.</summary>
    internal (SafetensorsFile File, TensorEntry Entry) Locate(string name)
    {
        if (!_pathOfTensor.TryGetValue(name, out string? path))
            throw new CheckpointException($"{Folder}: no tensor '{name}' in this checkpoint, which {ConfigPath} asks for. " +
                "The download is incomplete, or the config is of another model.");
        SafetensorsFile file = _files.GetOrAdd(path, p => new Lazy<SafetensorsFile>(() => SafetensorsFile.Open(p))).Value;
        return file.Contains(name)
            ? (file, file.Entry(name))
            : throw new CheckpointException(
                $"{path}: has no tensor '{name}', but {ModelFolder.IndexFile} says that it does. Download both again.");
    }

    private static Dictionary<string, string> FindTensors(ModelFolder folder)
    {
        if (folder.Has(ModelFolder.IndexFile))
            return ShardIndex.Read(folder);
        if (folder.Has(ModelFolder.WeightsFile))
        {
            string path = folder.Resolve(ModelFolder.WeightsFile, "a model folder");
            using SafetensorsFile file = SafetensorsFile.Open(path);
            return file.Entries.ToDictionary(entry => entry.Name, _ => path, StringComparer.Ordinal);
        }
        throw new CheckpointException($"{folder.Path}: neither {ModelFolder.IndexFile} nor {ModelFolder.WeightsFile}. " +
            (PickledWeights.FindIn(folder.Path) is { } pickled
                ? $"{pickled} {PickledWeights.HowToConvert}"
                : "Download the weights of the model in safetensors form."));
    }

    private bool IsModelWeight(string name) => TensorRoles.Of(Names, Config.LayerCount, name) == TensorRole.Weight;

    private static bool IsFp8(TensorEntry entry) => entry.Type.IsFp8();

    /// <summary>A weight in floating point of the shape that the model expects.</summary>
    private (SafetensorsFile File, TensorEntry Entry) LocateWeight(string name, long[] shape)
    {
        (SafetensorsFile file, TensorEntry entry) = Locate(name);
        if (!entry.Shape.SequenceEqual(shape))
            throw new CheckpointException($"{file.Path}: tensor '{name}' is {entry.ShapeText}, but {ConfigPath} asks for " +
                $"{TensorEntry.FormatShape(shape)}. The weights and the config are not of the same model.");
        if (!entry.Type.IsFloat())
            throw new CheckpointException($"{file.Path}: tensor '{name}' holds {entry.Type}; expected a weight in floating point.");
        return (file, entry);
    }

    /// <summary>An FP8 weight times its scales, in bfloat16 when that is asked for and in float32 otherwise.</summary>
    private torch.Tensor Dequantize(SafetensorsFile file, TensorEntry entry, torch.ScalarType dtype)
    {
        float[] scales = LoadScales(file, entry);
        long columns = entry.Shape[1];
        return dtype == torch.ScalarType.BFloat16
            ? TensorBytes.Create([.. entry.Shape], dtype, (start, bytes) => DequantizeRows(
                file, entry, start / sizeof(ushort) / columns, scales, MemoryMarshal.Cast<byte, ushort>(bytes), Fp8.Dequantize), columns)
            : TensorBytes.Create([.. entry.Shape], torch.ScalarType.Float32, (start, bytes) => DequantizeRows(
                file, entry, start / sizeof(float) / columns, scales, MemoryMarshal.Cast<byte, float>(bytes), Fp8.Dequantize), columns);
    }

    /// <summary>A bfloat16 weight in float32, without the weight in bfloat16 beside it.</summary>
    private static torch.Tensor Widen(SafetensorsFile file, TensorEntry entry) =>
        TensorBytes.Create([.. entry.Shape], torch.ScalarType.Float32, (start, bytes) =>
        {
            Span<float> values = MemoryMarshal.Cast<byte, float>(bytes);
            ushort[] buffer = ArrayPool<ushort>.Shared.Rent(Math.Min(ConvertedElements, values.Length));
            for (int done = 0, count; done < values.Length; done += count)
            {
                count = Math.Min(ConvertedElements, values.Length - done);
                Span<ushort> bits = buffer.AsSpan(0, count);
                file.Read(entry, (start / sizeof(float) + done) * sizeof(ushort), MemoryMarshal.AsBytes(bits));
                BFloat16Rows.Widen(bits, values.Slice(done, count));
            }
            ArrayPool<ushort>.Shared.Return(buffer);
        });

    /// <summary>Scales of an FP8 weight, after a check that it is one that can be read.</summary>
    private float[] LoadScales(SafetensorsFile file, TensorEntry entry)
    {
        string scaleName = entry.Name + BlockQuantization.ScaleSuffix;
        if (entry.Type != SafetensorsType.F8_E4M3 || entry.Shape is not [long rows, long columns] || columns > int.MaxValue / sizeof(float))
            throw new CheckpointException(
                $"{file.Path}: tensor '{entry.Name}' is {entry.Type} {entry.ShapeText}; of 8-bit floats only F8_E4M3 matrices are read.");
        if (!Contains(scaleName))
            throw new CheckpointException(
                $"{file.Path}: tensor '{entry.Name}' is {entry.Type}, but the checkpoint has no '{scaleName}' with its scales.");
        return LoadScales(scaleName, _quantization.ScaleShape(rows, columns));
    }

    private void DequantizeRows<T>(
        SafetensorsFile file, TensorEntry entry, long firstRow, float[] scales, Span<T> values, RowDecoder<T> decode)
    {
        int columns = (int)entry.Shape[1], rows = values.Length / columns, rowsAtOnce = Math.Min(Math.Max(ConvertedElements / columns, 1), rows);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(rowsAtOnce * columns);
        for (int row = 0, count; row < rows; row += count)
        {
            count = Math.Min(rowsAtOnce, rows - row);
            Span<byte> codes = buffer.AsSpan(0, count * columns);
            file.Read(entry, (firstRow + row) * columns, codes);
            decode(codes, columns, firstRow + row, scales, _quantization.BlockRows, _quantization.BlockColumns, values.Slice(row * columns, codes.Length));
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private float[] LoadScales(string name, long[] shape)
    {
        (SafetensorsFile file, TensorEntry entry) = Locate(name);
        if (entry.Type is not (SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16) || !entry.Shape.SequenceEqual(shape))
            throw new CheckpointException($"{file.Path}: tensor '{name}' is {entry.Type} {entry.ShapeText}, expected F32, BF16 or F16 " +
                $"{TensorEntry.FormatShape(shape)}: one scale per block of {_quantization.BlockRows} x {_quantization.BlockColumns}.");
        byte[] stored = new byte[entry.ByteCount];
        file.Read(entry, 0, stored);
        // DeepSeek's scales are float32, Qwen3's in 16 bits.
        if (entry.Type == SafetensorsType.F32)
            return MemoryMarshal.Cast<byte, float>(stored).ToArray();
        if (entry.Type == SafetensorsType.F16)
            return Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(stored).ToArray(), value => (float)value);
        float[] scales = new float[entry.ByteCount / sizeof(ushort)];
        BFloat16Rows.Widen(MemoryMarshal.Cast<byte, ushort>(stored), scales);
        return scales;
    }
}
