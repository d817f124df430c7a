namespace E3Scale.MoE;

/// <summary>How long the forward pass of one layer took.</summary>
/// <param name="Layer">Layer of the teacher.</param>
/// <param name="Seconds">Wall clock; with an expert axis that includes waiting for the other ranks of the group.</param>
/// <param name="KeptSeconds">
/// Those of it in what the micro-batch's mask keeps of the layer. What it drops ran without graph, and goes backward without it.
/// </param>
public readonly record struct LayerPass(int Layer, double Seconds, double KeptSeconds);
