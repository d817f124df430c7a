using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace E3Scale.Kernels;

/// <summary>One AdamW update over flat float32 buffers, in one pass over memory, on as many threads as the library uses for its own operations.</summary>
/// <remarks>
/// The update of torch.optim.AdamW (amsgrad off), term by term: p -= lr wd p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g g;
/// p -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps). Agrees with it up to the rounding of single operations.
/// Loshchilov and Hutter 2019. Every element is computed alike, so splitting a buffer over ranks does not change its bits.
/// </remarks>
public static class FlatAdamW
{
    // A block of all four buffers stays in a core's cache until it is rounded.
    private const int Lanes = 16, Block = 4096;

    /// <summary>Updates parameters and moments in place.</summary>
    /// <param name="parameters">float32 (master) parameters.</param>
    /// <param name="gradients">Their gradients; not changed.</param>
    /// <param name="firstMoment">Running means of the gradient; zeros before the first step.</param>
    /// <param name="secondMoment">Running means of the squared gradient; zeros before the first step.</param>
    /// <param name="step">Learning rate, betas, step count.</param>
    /// <param name="bfloat16Copy">Receives the new parameters rounded to bfloat16 (bits), for models that compute in it; empty for none.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The step count is not positive.</exception>
    public static unsafe void Update(
        Span<float> parameters, ReadOnlySpan<float> gradients, Span<float> firstMoment, Span<float> secondMoment,
        AdamWStep step, Span<ushort> bfloat16Copy = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step.Step, nameof(step));
        int length = parameters.Length;
        if (gradients.Length != length || firstMoment.Length != length || secondMoment.Length != length ||
            (bfloat16Copy.Length != 0 && bfloat16Copy.Length != length))
        {
            throw new ArgumentException($"{length} parameters with {gradients.Length} gradients, {firstMoment.Length} and " +
                $"{secondMoment.Length} moments and {bfloat16Copy.Length} bfloat16 places");
        }
        Factors factors = new(step);
        fixed (float* p = parameters, g = gradients, m = firstMoment, v = secondMoment)
        fixed (ushort* copy = bfloat16Copy)
        {
            var (atP, atG, atM, atV, atCopy) = ((nint)p, (nint)g, (nint)m, (nint)v, (nint)copy); // nothing moves before the loop is over
            RowLoop.Run((int)(((long)length + Block - 1) / Block), () => 0, (_, block) =>
            {
                int first = block * Block, count = Math.Min(Block, length - first);
                var updated = new Span<float>((float*)atP + first, count);
                UpdateBlock(
                    updated, new ReadOnlySpan<float>((float*)atG + first, count), new Span<float>((float*)atM + first, count),
                    new Span<float>((float*)atV + first, count), factors);
                if (atCopy != 0)
                    BFloat16Rows.Narrow(updated, new Span<ushort>((ushort*)atCopy + first, count));
            });
        }
    }

    private static void UpdateBlock(Span<float> parameters, ReadOnlySpan<float> gradients, Span<float> firstMoment, Span<float> secondMoment, in Factors factors)
    {
        ref float p = ref MemoryMarshal.GetReference(parameters);
        ref float g = ref MemoryMarshal.GetReference(gradients);
        ref float m = ref MemoryMarshal.GetReference(firstMoment);
        ref float v = ref MemoryMarshal.GetReference(secondMoment);
        int i = 0;
        for (; i <= parameters.Length - Lanes; i += Lanes)
        {
            nuint at = (nuint)i;
            Vector512<float> first = Vector512.LoadUnsafe(ref m, at), second = Vector512.LoadUnsafe(ref v, at);
            Vector512<float> updated = factors.Apply(Vector512.LoadUnsafe(ref p, at), Vector512.LoadUnsafe(ref g, at), ref first, ref second);
            updated.StoreUnsafe(ref p, at);
            first.StoreUnsafe(ref m, at);
            second.StoreUnsafe(ref v, at);
        }
        for (; i < parameters.Length; i++) // the same lanes, filled with one element, so that the remainder rounds alike
        {
            Vector512<float> first = Vector512.Create(firstMoment[i]), second = Vector512.Create(secondMoment[i]);
            parameters[i] = factors.Apply(Vector512.Create(parameters[i]), Vector512.Create(gradients[i]), ref first, ref second)[0];
            firstMoment[i] = first[0];
            secondMoment[i] = second[0];
        }
    }

    // Scalars are computed in float64 and rounded once, as PyTorch does.
    private readonly struct Factors(AdamWStep step)
    {
        private readonly Vector512<float> _scale = Vector512.Create((float)step.GradientScale);
        private readonly Vector512<float> _keep = Vector512.Create((float)(1 - step.LearningRate * step.WeightDecay));
        private readonly Vector512<float> _beta1 = Vector512.Create((float)step.Beta1);
        private readonly Vector512<float> _oneMinusBeta1 = Vector512.Create((float)(1 - step.Beta1));
        private readonly Vector512<float> _beta2 = Vector512.Create((float)step.Beta2);
        private readonly Vector512<float> _oneMinusBeta2 = Vector512.Create((float)(1 - step.Beta2));
        private readonly Vector512<float> _stepSize = Vector512.Create((float)(step.LearningRate / (1 - Math.Pow(step.Beta1, step.Step))));
        private readonly Vector512<float> _rootCorrection = Vector512.Create((float)Math.Sqrt(1 - Math.Pow(step.Beta2, step.Step)));
        private readonly Vector512<float> _epsilon = Vector512.Create((float)step.Epsilon);

        public Vector512<float> Apply(
            Vector512<float> parameter, Vector512<float> gradient, ref Vector512<float> first, ref Vector512<float> second)
        {
            gradient *= _scale;
            first = first * _beta1 + gradient * _oneMinusBeta1;
            second = second * _beta2 + gradient * gradient * _oneMinusBeta2;
            Vector512<float> denominator = Vector512.Sqrt(second) / _rootCorrection + _epsilon;
            return parameter * _keep - _stepSize * (first / denominator);
        }
    }
}
