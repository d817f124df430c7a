using static TorchSharp.torch;

namespace E3Scale.Sharding;

/// <summary>A forward pass through one layer, or one branch of a layer.</summary>
/// <param name="Unit">Which, counted as the caller asked.</param>
/// <param name="Input_BTH">The stream before it, [B, T, H]; owned by the executor.</param>
/// <param name="Output_BTH">The stream behind it, [B, T, H]; owned by the executor.</param>
/// <param name="Seconds">Wall clock, operations on a GPU included; with an expert axis also what it waited for the other ranks of the group.</param>
public readonly record struct UnitPass(int Unit, Tensor Input_BTH, Tensor Output_BTH, double Seconds);
