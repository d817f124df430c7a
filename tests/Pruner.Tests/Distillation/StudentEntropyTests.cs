using E3Scale.Pruner.Distillation;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Distillation;

public sealed class StudentEntropyTests
{
    [Fact]
    public void Compute_WholeVocabulary_IsTheEntropyOfTheSoftmax()
    {
        using var scope = NewDisposeScope();
        float[] entropy = new float[2];
        StudentEntropy.Compute(tensor(new float[] { 0, 0, 0, 0, MathF.Log(2), 0, 0, 0 }, [2, 4]), entropy);

        Assert.Equal(Math.Log(4), entropy[0], 1e-6);
        Assert.Equal(0.4 * Math.Log(2.5) + 0.6 * Math.Log(5), entropy[1], 1e-6); // probabilities 2/5, 1/5, 1/5, 1/5
    }

    [Fact]
    public void Compute_MoreTokensThanAChunk_FillsAll()
    {
        using var scope = NewDisposeScope();
        float[] entropy = new float[700];
        StudentEntropy.Compute(zeros(700, 8), entropy);

        Assert.All(entropy, value => Assert.Equal(Math.Log(8), value, 1e-6));
    }

    [Fact]
    public void Compute_LogitsWithGraph_LeavesNoGradientPath()
    {
        using var scope = NewDisposeScope();
        var logits_NV = randn(3, 5).requires_grad_();
        StudentEntropy.Compute(logits_NV * 2, new float[3]);

        Assert.Null(logits_NV.grad);
    }
}
