using TorchSharp;

using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>One rank's share of an export: decides how each weight is stored, and copies, narrows or quantises it on the way to its file.</summary>
/// <param name="layout">Names and types.</param>
/// <param name="source">Where stored bytes are copied from; null when the source has no weights.</param>
/// <param name="maxShardBytes">Bytes of data of a file.</param>
/// <param name="shardPath">Gives the path of a file by its number.</param>
internal sealed class ExportPart(ExportLayout layout, HuggingFaceCheckpoint? source, long maxShardBytes, Func<int, string> shardPath)
{
    /// <summary>What rounding changed in the weights written so far.</summary>
    public ExportRounding Rounding { get; } = new();

    /// <summary>Writes weights in the order given, in as many files as the largest size asks for. A weight and its scales share a file.</summary>
    /// <param name="tensors">The weights.</param>
    public void Write(IEnumerable<ExportTensor> tensors)
    {
        List<StoredTensor> shard = [];
        long shardBytes = 0;
        int shardCount = 0;
        foreach (ExportTensor tensor in tensors)
        {
            StoredTensor stored = Place(tensor);
            if (shard.Count > 0 && shardBytes + stored.ByteCount > maxShardBytes)
            {
                WriteShard(shardPath(shardCount++), shard);
                shard.Clear();
                shardBytes = 0;
            }
            shard.Add(stored);
            shardBytes += stored.ByteCount;
        }
        if (shard.Count > 0)
            WriteShard(shardPath(shardCount), shard);
    }

    /// <summary>Where and how a weight is stored.</summary>
    public StoredTensor Place(ExportTensor tensor)
    {
        (SafetensorsFile File, TensorEntry Entry)? origin = source?.Contains(tensor.Name) == true ? source.Locate(tensor.Name) : null;
        SafetensorsType type = layout.TypeOf(tensor.Name, origin?.Entry.Type);
        TensorDeclaration weight = new(layout.NameOf(tensor.Name), type, tensor.Shape);
        string scale = tensor.Name + TensorRoles.ScaleSuffix;
        // A factor goes into the scales of FP8 codes; where there are none it cannot be copied.
        bool isCopy = tensor.IsUnchanged && origin?.Entry.Type == type
            && (tensor.SourceScale == 1 || (type.IsFp8() && source!.Contains(scale)));
        if (!type.IsFp8())
            return new StoredTensor(tensor, weight, Scale: null, isCopy);
        if (isCopy && source!.Contains(scale))
            return new StoredTensor(tensor, weight, Declare(
                weight.Name, tensor.SourceScale == 1 ? source.TypeOf(scale) : SafetensorsType.F32, source.ShapeOf(scale)), isCopy);
        if (isCopy || tensor.Shape is not [long rows, long columns])
            return new StoredTensor(tensor, weight, Scale: null, isCopy);
        return new StoredTensor(tensor, weight, Declare(weight.Name, SafetensorsType.F32, layout.Blocks.ScaleShape(rows, columns)), isCopy);
    }

    private static TensorDeclaration Declare(string weightName, SafetensorsType type, IReadOnlyList<long> shape) =>
        new(weightName + TensorRoles.ScaleSuffix, type, shape);

    private void WriteShard(string path, List<StoredTensor> shard)
    {
        // Loaders of transformers ask for this entry.
        Dictionary<string, string> metadata = new() { ["format"] = "pt" };
        using SafetensorsWriter writer = new(path, shard.SelectMany(stored => stored.Declarations), metadata);
        foreach (StoredTensor stored in shard)
        {
            if (stored.IsCopy)
                Copy(writer, stored);
            else if (stored.Weight.Type == SafetensorsType.F8_E4M3)
                WriteFp8(writer, stored);
            else
                WriteNarrowed(writer, stored);
        }
        writer.Complete();
    }

    private void Copy(SafetensorsWriter writer, StoredTensor stored)
    {
        (SafetensorsFile file, TensorEntry entry) = source!.Locate(stored.Tensor.Name);
        writer.Copy(stored.Weight.Name, file, entry);
        if (stored.Scale is null)
            return;
        (file, entry) = source.Locate(stored.Tensor.Name + TensorRoles.ScaleSuffix);
        if (stored.Tensor.SourceScale != 1)
        {
            using IDisposable scope = NewDisposeScope();
            using Tensor scales = file.Load(entry.Name);
            writer.Write(stored.Scale.Name, scales.to_type(ScalarType.Float32) * stored.Tensor.SourceScale);
            return;
        }
        writer.Copy(stored.Scale.Name, file, entry);
    }

    private void WriteNarrowed(SafetensorsWriter writer, StoredTensor stored)
    {
        using IDisposable scope = NewDisposeScope();
        using Tensor loaded = stored.Tensor.Load();
        Tensor value = loaded.detach(), narrow = value.to(stored.Weight.Type.ToScalarType()!.Value);
        writer.Write(stored.Weight.Name, narrow);
        if (value.ElementSize > narrow.ElementSize)
            Count(stored, value.to_type(ScalarType.Float32).contiguous(), narrow.contiguous());
    }

    private void WriteFp8(SafetensorsWriter writer, StoredTensor stored)
    {
        if (stored.Tensor.Blocks is { } given && (given.BlockRows, given.BlockColumns) == (layout.Blocks.BlockRows, layout.Blocks.BlockColumns))
        {
            Write(given);
            return;
        }
        using IDisposable scope = NewDisposeScope();
        using Tensor loaded = stored.Tensor.Load();
        Tensor exact = loaded.detach().to_type(ScalarType.Float32).cpu().contiguous();
        using Fp8Matrix rounded = Fp8Matrix.Quantize(exact, layout.Blocks);
        Write(rounded);
        Count(stored, exact, rounded.Dequantize(ScalarType.Float32));

        void Write(Fp8Matrix matrix)
        {
            writer.Write(stored.Weight.Name, matrix.Codes);
            writer.Write(stored.Scale!.Name, matrix.Scales);
        }
    }

    private void Count(StoredTensor stored, Tensor exact, Tensor rounded)
    {
        RoundingError error = new();
        error.Add(exact, rounded);
        if (!double.IsFinite(error.SquaredError) || !double.IsFinite(error.SquaredNorm))
            throw new CheckpointException(
                $"tensor '{stored.Tensor.Name}' holds numbers that are not finite and cannot be exported. Its training diverged, or its source is damaged.");
        Rounding.Add(layout.KindOf(stored.Tensor.Name), error);
    }

    /// <summary>A weight with its place in a file.</summary>
    /// <param name="Tensor">The weight.</param>
    /// <param name="Weight">Name, type and shape in the file.</param>
    /// <param name="Scale">The same of its scales; null when it has none.</param>
    /// <param name="IsCopy">Whether the source's bytes are taken.</param>
    public sealed record StoredTensor(ExportTensor Tensor, TensorDeclaration Weight, TensorDeclaration? Scale, bool IsCopy)
    {
        /// <summary>The weight, and its scales if it has some.</summary>
        public IEnumerable<TensorDeclaration> Declarations => Scale is null ? [Weight] : [Weight, Scale];

        /// <summary>Bytes of both.</summary>
        public long ByteCount => Declarations.Sum(declaration => declaration.ByteCount);
    }
}
