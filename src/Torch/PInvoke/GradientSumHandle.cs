using Microsoft.Win32.SafeHandles;

namespace TorchSharp.PInvoke;

/// <summary>Owns a native sum of gradients; a graph that was recorded meanwhile keeps it alive.</summary>
internal sealed class GradientSumHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public GradientSumHandle() : base(ownsHandle: true) { }

    protected override bool ReleaseHandle() => NativeMethods.e3t_gradient_sum_free(handle) == 0;
}
