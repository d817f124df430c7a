using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests.Kernels;

// Shape suffixes in this file: N = tokens, K = chosen ids per token, V = vocabulary, H = hidden.

/// <summary><see cref="HeadRows"/> beside the operations it stands for, in float64.</summary>
public sealed class HeadRowsTests : IDisposable
{
    private readonly int _threads = get_num_threads();

    public void Dispose() => set_num_threads(_threads);

    [Theory]
    [InlineData(1, 3, 2, 5)]
    [InlineData(100, 10, 37, 64)]
    public void LogitsAndGradients_OnAnyNumberOfThreads_AreThoseOfTheWholeProduct(int tokens, int perToken, int width, int vocabulary)
    {
        using var scope = NewDisposeScope();
        manual_seed(width);
        var hidden_NH = randn([tokens, width], dtype: ScalarType.Float64).to_type(ScalarType.Float32).to_type(ScalarType.Float64).requires_grad_();
        var head_VH = randn([vocabulary, width], dtype: ScalarType.Float64).to_type(ScalarType.Float32).to_type(ScalarType.Float64).requires_grad_();
        int[] ids_NK = [.. Enumerable.Range(0, tokens * perToken).Select(i => i * 13 % vocabulary)];
        float[] gradient_NK = [.. Enumerable.Range(0, tokens * perToken).Select(i => MathF.Cos(i))];
        var chosen_NK = hidden_NH.matmul(head_VH.t()).gather(1, tensor(Array.ConvertAll(ids_NK, id => (long)id), [tokens, perToken]));
        chosen_NK.backward([tensor(Array.ConvertAll(gradient_NK, g => (double)g), [tokens, perToken])]);
        double[] logits_NK = chosen_NK.detach().data<double>().ToArray();
        float[] hidden = Floats(hidden_NH.detach()), head = Floats(head_VH.detach());

        foreach (int threads in new[] { 1, 3 })
        {
            set_num_threads(threads);
            float[] logits = new float[ids_NK.Length], byHidden = new float[hidden.Length], byHead = new float[head.Length];
            HeadRows.Forward(hidden, head, ids_NK, width, logits);
            HeadRows.BackwardHidden(gradient_NK, head, ids_NK, width, byHidden);
            HeadRows.BackwardHead(gradient_NK, hidden, ids_NK, width, byHead);
            AssertClose(logits_NK, logits);
            AssertClose(hidden_NH.grad!.data<double>().ToArray(), byHidden);
            AssertClose(head_VH.grad!.data<double>().ToArray(), byHead);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void Forward_IdThatTheHeadHasNoRowOf_IsRefused(int id)
    {
        float[] hidden_NH = new float[6], head_VH = new float[12];
        Assert.Throws<ArgumentOutOfRangeException>(() => HeadRows.Forward(hidden_NH, head_VH, [0, id], 3, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => HeadRows.BackwardHidden(new float[2], head_VH, [0, id], 3, hidden_NH));
    }

    private static float[] Floats(TorchSharp.torch.Tensor value) => value.to_type(ScalarType.Float32).data<float>().ToArray();

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4)); // sums of some dozen numbers of about 1
    }
}
