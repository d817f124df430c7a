namespace E3Scale.MoE;

/// <summary>How much of something a checkpoint stores.</summary>
/// <param name="Tensors">Tensors.</param>
/// <param name="Elements">Their elements.</param>
/// <param name="Bytes">Their bytes.</param>
public sealed record StoredAmount(int Tensors, long Elements, long Bytes);
