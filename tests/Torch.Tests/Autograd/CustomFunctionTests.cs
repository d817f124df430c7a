using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

public sealed class CustomFunctionTests
{
    [Fact]
    public void Apply_Backward_GivesTheGradientBackwardReturns()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 2f, 3f }, requires_grad: true);
        var y = ScaledCube.apply(x, 2.0);
        Assert.Equal([2f, 16f, 54f], y.data<float>().ToArray());

        y.sum().backward();

        Assert.Equal([6f, 24f, 54f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Apply_WithoutGradients_RecordsNothing()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Assert.False(ScaledCube.apply(tensor(2f, requires_grad: true), 1.0).requires_grad);
    }

    [Fact]
    public void Backward_Runs_OnTheCallingThread()
    {
        using var scope = NewDisposeScope();
        var x = tensor(1f, requires_grad: true);
        ThreadNoting.apply(x).backward();
        Assert.Equal(Environment.CurrentManagedThreadId, ThreadNoting.BackwardThread);
    }

    [Fact]
    public void MultiTensor_NonDifferentiableOutput_HasNoGradient()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 3f, 1f, 2f }, requires_grad: true);
        var outputs = SortWithIndices.apply(x);
        Assert.True(outputs[0].requires_grad);
        Assert.False(outputs[1].requires_grad);
        (outputs[0] * tensor(new[] { 1f, 10f, 100f })).sum().backward();
        Assert.Equal([100f, 1f, 10f], x.grad!.data<float>().ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void UnusedOutput_MaterializeGrads_DecidesBetweenZerosAndNull(bool materialize)
    {
        using var scope = NewDisposeScope();
        var x = tensor(1f, requires_grad: true);
        TwoCopies.apply(x, materialize)[0].backward();
        Assert.Equal(!materialize, TwoCopies.SecondWasNull);
        Assert.Equal(1f, x.grad!.item<float>());
    }

#if !TORCHSHARP_PACKAGE
    // TorchSharp lets an exception of forward or backward end the process, or loses nodes: these hold for E3Scale's engine.
    [Fact]
    public void Backward_ThrowingFunction_ThrowsTheSameException()
    {
        using var scope = NewDisposeScope();
        var x = tensor(1f, requires_grad: true);
        var y = ThrowingFunction.apply(x, "backward");
        var thrown = Assert.Throws<InvalidTimeZoneException>(() => y.backward());
        Assert.Equal("from backward", thrown.Message);
        Assert.Contains(nameof(ThrowingFunction), thrown.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void Forward_ThrowingFunction_ThrowsTheSameException()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(
            "from forward",
            Assert.Throws<InvalidTimeZoneException>(() => ThrowingFunction.apply(tensor(1f, requires_grad: true), "forward")).Message);
    }

    [Fact]
    public void Backward_WrongNumberOfGradients_SaysHowMany()
    {
        using var scope = NewDisposeScope();
        var y = ThrowingFunction.apply(tensor(1f, requires_grad: true), "count");
        var error = Assert.Throws<InvalidOperationException>(() => y.backward());
        Assert.Contains("expected 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backward_SavedTensorChangedInPlace_IsRefused()
    {
        using var scope = NewDisposeScope();
        var x = tensor(2f, requires_grad: true) * 1;
        var y = ScaledCube.apply(x, 1.0);
        using (no_grad()) x.add_(1);
        var error = Assert.ThrowsAny<System.Runtime.InteropServices.ExternalException>(() => y.backward());
        Assert.Contains("modified by an inplace operation", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Graph_AfterItDies_LeavesNoTensorsAndNoStates(bool runBackward)
    {
        Repeat(3);
#pragma warning disable RS0030 // Tensors that earlier tests left to the garbage collector must not vanish between the two counts.
        GC.Collect();
        GC.WaitForPendingFinalizers();
#pragma warning restore RS0030
        var tensors = Tensor.TotalCount;
        var states = FunctionCall.LiveCount;
        Repeat(50);
        Assert.Equal(tensors, Tensor.TotalCount);
        Assert.Equal(states, FunctionCall.LiveCount);

        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var scope = NewDisposeScope();
                var y = ScaledCube.apply(ScaledCube.apply(ones(8).requires_grad_(), 1.0), 2.0);
                if (runBackward) y.sum().backward();
            }
        }
    }
#endif

    /// <summary>scale * x^3.</summary>
    private sealed class ScaledCube : autograd.SingleTensorFunction<ScaledCube>
    {
        public override string Name => nameof(ScaledCube);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            ctx.save_for_backward([x]);
            ctx.save_data("scale", vars[1]);
            return x.pow(3) * (double)vars[1];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var x = ctx.get_saved_variables()[0];
            return [grad_output * 3 * x.square() * (double)ctx.get_data("scale"), null!];
        }
    }

    private sealed class ThreadNoting : autograd.SingleTensorFunction<ThreadNoting>
    {
        public static int BackwardThread { get; private set; }

        public override string Name => nameof(ThreadNoting);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => ((Tensor)vars[0]).clone();

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            BackwardThread = Environment.CurrentManagedThreadId;
            return [grad_output.clone()];
        }
    }

    private sealed class SortWithIndices : autograd.MultiTensorFunction<SortWithIndices>
    {
        public override string Name => nameof(SortWithIndices);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (values, indices) = ((Tensor)vars[0]).sort();
            ctx.save_for_backward([indices]);
            ctx.mark_non_differentiable([indices]);
            return [values, indices];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs) =>
            [zeros_like(grad_outputs[0]).scatter(0, ctx.get_saved_variables()[0], grad_outputs[0])];
    }

    private sealed class TwoCopies : autograd.MultiTensorFunction<TwoCopies>
    {
        public static bool SecondWasNull { get; private set; }

        public override string Name => nameof(TwoCopies);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.set_materialize_grads((bool)vars[1]);
            var x = (Tensor)vars[0];
            return [x.clone(), x.clone()];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            SecondWasNull = grad_outputs[1] is null;
            return [grad_outputs[0].clone(), null!];
        }
    }

    private sealed class ThrowingFunction : autograd.SingleTensorFunction<ThrowingFunction>
    {
        public override string Name => nameof(ThrowingFunction);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            if ((string)vars[1] == "forward") throw new InvalidTimeZoneException("from forward");
            ctx.save_data("failure", vars[1]);
            return ((Tensor)vars[0]).clone();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            (string)ctx.get_data("failure") == "count"
                ? [grad_output]
                : throw new InvalidTimeZoneException("from backward");
    }
}
