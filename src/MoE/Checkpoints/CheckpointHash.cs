using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace E3Scale.MoE;

/// <summary>Identity of a checkpoint, independent of how its tensors are spread over files.</summary>
internal static class CheckpointHash
{
    /// <summary>
    /// SHA-256 over the length and bytes of config.json, then over name, type, shape and bytes of every tensor by ordinal name.
    /// </summary>
    public static string Compute(HuggingFaceCheckpoint checkpoint)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendBlock(hash, checkpoint.ConfigBytes);
        foreach (string name in checkpoint.AllTensorNames.Order(StringComparer.Ordinal))
        {
            (SafetensorsFile file, TensorEntry entry) = checkpoint.Locate(name);
            AppendBlock(hash, Encoding.UTF8.GetBytes(name));
            AppendBlock(hash, Encoding.UTF8.GetBytes($"{entry.Type} {entry.ShapeText}"));
            file.Stream(entry, (_, piece) => hash.AppendData(piece));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // The length goes in front, so that no two sequences of blocks look the same.
    private static void AppendBlock(IncrementalHash hash, ReadOnlySpan<byte> block)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, block.Length);
        hash.AppendData(length);
        hash.AppendData(block);
    }
}
