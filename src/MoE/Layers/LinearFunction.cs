using System.Diagnostics;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace E3Scale.MoE;

// Shape suffixes in this file: N = rows, O = outputs, I = inputs, R = rank of the adapter.

/// <summary>
/// A <see cref="Projection"/> in one node of the graph: y = x W^T (+ b) + s (x A^T) B^T. The adapter's part is added to the products of W in place, forward and
/// backward; gradients of matrices go where <see cref="Projection.ParameterGradients"/> leaves them. A W that is kept in a smaller type is widened for each pass
/// and freed, where libtorch's own linear map would keep it from one to the other.
/// </summary>
internal sealed class LinearFunction : autograd.SingleTensorFunction<LinearFunction>
{
    private const int FixedArguments = 2;

    public override string Name => nameof(LinearFunction);

    /// <param name="ctx">Keeps x where a matrix trains, since its gradient needs it, and the projection.</param>
    /// <param name="vars">
    /// x [..., I], the <see cref="Projection"/>, its <see cref="Projection.TrainableParts"/>, and the bias if that trains: they put the map into the graph when
    /// x does not.
    /// </param>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, projection) = ((Tensor)vars[0], (Projection)vars[1]);
        bool trainsBias = projection.Bias is { Trainable: true };
        int matrices = vars.Length - FixedArguments - (trainsBias ? 1 : 0);
        ctx.save_data("projection", projection);
        ctx.save_data("queue", projection.DeferredGradients!);
        ctx.save_data("passes on", x.requires_grad);
        ctx.save_data("trains bias", trainsBias);
        ctx.save_data("matrices", matrices);
        if (matrices > 0)
            ctx.save_for_backward([x]);
        return projection.Map(x);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var projection = (Projection)ctx.get_data("projection");
        var dy_NO = grad_output.reshape(-1, grad_output.shape[^1]);
        var dAdapter_NR = projection.HasAdapter ? projection.AdapterGradient(dy_NO) : null;
        Tensor? dx_NI = null;
        if ((bool)ctx.get_data("passes on"))
            dx_NI = projection.InputGradient(dy_NO, dAdapter_NR);
        var gradients = new List<Tensor> { dx_NI?.reshape([.. grad_output.shape[..^1], dx_NI.shape[1]])!, null! };
        if ((int)ctx.get_data("matrices") > 0)
        {
            var x = ctx.get_saved_variables()[0];
            gradients.AddRange(projection.ParameterGradients(x.reshape(-1, x.shape[^1]), dy_NO, (DeferredWeightGradients?)ctx.get_data("queue"), dAdapter_NR));
        }
        if ((bool)ctx.get_data("trains bias"))
            gradients.Add(dy_NO.sum([0L]));
        return gradients;
    }
}
