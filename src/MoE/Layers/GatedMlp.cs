using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>Gated MLP (SwiGLU, Shazeer 2020): down(silu(gate x) * up x).</summary>
internal sealed class GatedMlp(Projection gate, Projection up, Projection down)
{
    public Projection Gate => gate;

    public Projection Up => up;

    public Projection Down => down;

    public IEnumerable<Projection> Projections => [gate, up, down];

    /// <summary>Applies the MLP to the last dimension.</summary>
    /// <param name="x">[..., H].</param>
    /// <param name="between">Called between the products, to move messages on that are under way meanwhile.</param>
    public Tensor Forward(Tensor x, Action? between = null)
    {
        using var scope = NewDisposeScope();
        var gates = gate.Forward(x);
        between?.Invoke();
        var inner = SwiGluFunction.apply(gates, up.Forward(x));
        between?.Invoke();
        return down.Forward(inner).MoveToOuterDisposeScope();
    }
}
