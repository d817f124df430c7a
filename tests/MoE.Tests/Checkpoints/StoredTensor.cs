namespace E3Scale.MoE.Tests.Checkpoints;

/// <summary>A tensor as a file has it; equal when type, shape and every byte are.</summary>
internal sealed record StoredTensor(SafetensorsType Type, string Shape, byte[] Bytes)
{
    public bool Equals(StoredTensor? other) => other is not null && (Type, Shape) == (other.Type, other.Shape) && Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override int GetHashCode() => HashCode.Combine(Type, Shape, Bytes.Length);
}
