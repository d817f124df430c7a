using System.Diagnostics;
using E3Scale.Kernels;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace E3Scale.MoE;

// Shape suffixes in this file: O = outputs, I = inputs, R = rank of the adapter, n = rows.

/// <summary>A linear map y = x W^T (+ b), with an optional low-rank adapter beside it: y += (alpha / r) (x A^T) B^T.</summary>
public sealed class Projection
{
    private const string SuffixA = ".lora_A";
    private const string SuffixB = ".lora_B";
    private readonly ParameterSet _parameters;
    private readonly ScalarType _dtype;
    private ModelParameter? _loraA;
    private ModelParameter? _loraB;
    private double _loraScale;

    internal Projection(ModelParameter weight, ModelParameter? bias, ParameterSet parameters, ScalarType dtype)
    {
        (Weight, Bias, _parameters, _dtype) = (weight, bias, parameters, dtype);
    }

    /// <summary>Whether a parameter's name is that of an adapter, which no checkpoint of the teacher has.</summary>
    public static bool IsAdapter(string name) =>
        name.EndsWith(SuffixA, StringComparison.Ordinal) || name.EndsWith(SuffixB, StringComparison.Ordinal);

    /// <summary>Name of the weight that an adapter matrix stands beside, or null when the name is not that of an adapter.</summary>
    /// <param name="name">A parameter's name.</param>
    public static string? AdaptedWeight(string name) => IsAdapter(name) ? name[..^SuffixA.Length] : null;

    /// <summary>Whether a parameter's name is that of an adapter's second matrix, B: a factor on it is one on what the adapter adds.</summary>
    /// <param name="name">A parameter's name.</param>
    public static bool IsAdapterOutput(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(SuffixB, StringComparison.Ordinal);
    }

    /// <summary>W [O, I].</summary>
    public ModelParameter Weight { get; }

    /// <summary>b [O], or null.</summary>
    public ModelParameter? Bias { get; }

    /// <summary>Shown what <see cref="Forward"/> is applied to, before the result; null (default) for nobody.</summary>
    public Action<Tensor>? InputObserver { get; set; }

    /// <summary>True when there is an adapter.</summary>
    public bool HasAdapter => _loraA is not null;

    /// <summary>Applies the map to the last dimension.</summary>
    /// <param name="x">[..., I], of the model's dtype.</param>
    /// <returns>[..., O]; owned by the current dispose scope.</returns>
    public Tensor Forward(Tensor x)
    {
        InputObserver?.Invoke(x);
        if (!is_grad_enabled())
            return Map(x);
        Tensor[] trainable = Bias is { Trainable: true } ? [.. TrainableParts, Bias.Value] : [.. TrainableParts];
        return trainable.Length == 0 && !Weight.IsCompressed && !HasAdapter
            ? F.linear(x, Weight.Value, Bias?.Value)
            : LinearFunction.apply([x, this, .. trainable]);
    }

    /// <summary>The map without a graph.</summary>
    /// <param name="x">[..., I].</param>
    /// <returns>[..., O]; owned by the current dispose scope.</returns>
    internal Tensor Map(Tensor x)
    {
        if (!Weight.IsCompressed && _loraA is null)
            return F.linear(x, Weight.Value, Bias?.Value);
        using var scope = NewDisposeScope();
        var y = F.linear(x, Weight.ValueAs(x.dtype), Bias?.Value);
        if (_loraA is not null)
            y.view(-1, Outputs).addmm_(AdapterInner(x.reshape(-1, x.shape[^1])), _loraB!.Value.t());
        return y.MoveToOuterDisposeScope();
    }

    /// <summary>dx = dy W, and what goes through the adapter.</summary>
    /// <param name="dy_NO">[N, O].</param>
    /// <param name="dAdapter_NR"><see cref="AdapterGradient"/> of the same rows; null without an adapter.</param>
    /// <returns>[N, I]; owned by the current dispose scope.</returns>
    internal Tensor InputGradient(Tensor dy_NO, Tensor? dAdapter_NR)
    {
        using var scope = NewDisposeScope();
        var dx_NI = dy_NO.mm(Weight.ValueAs(dy_NO.dtype));
        if (dAdapter_NR is not null)
            dx_NI.addmm_(dAdapter_NR, _loraA!.Value);
        return dx_NI.MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of x A^T: s dy B.</summary>
    /// <param name="dy_NO">[N, O].</param>
    /// <returns>[N, R]; owned by the current dispose scope.</returns>
    internal Tensor AdapterGradient(Tensor dy_NO) => Scaled(dy_NO.mm(_loraB!.Value));

    /// <summary>Outputs O.</summary>
    internal long Outputs => Weight.Value.shape[0];

    /// <summary>Weight and adapter matrices that training moves, in the order of <see cref="ParameterGradients"/>.</summary>
    internal IEnumerable<Tensor> TrainableParts
    {
        get
        {
            if (Weight.Trainable)
                yield return Weight.Value;
            if (_loraA is { Trainable: true })
            {
                yield return _loraA.Value;
                yield return _loraB!.Value;
            }
        }
    }

    /// <summary>
    /// Writes the map of some rows of x into the same rows of y, without graph; for maps without a bias. A few rows behind them may be overwritten too
    /// (<see cref="RowBlocks.Of"/>): those are written later.
    /// </summary>
    /// <param name="x_RI">[R, I].</param>
    /// <param name="y_RO">Receives rows of [R, O].</param>
    /// <param name="run">Which rows.</param>
    internal void WriteForward(Tensor x_RI, Tensor y_RO, ExpertRun run)
    {
        Debug.Assert(Bias is null, "grouped experts have no bias");
        using var scope = ScopeOfCopies(); // a compressed weight is widened for this product only
        var weight_OI = Weight.ValueAs(x_RI.dtype);
        foreach (var (first, rows) in RowBlocks.Of(x_RI, run.Start, run.Count, run.End))
        {
            RowProducts.Forward(x_RI, weight_OI, y_RO, first, rows);
            if (_loraA is not null)
                y_RO.narrow(0, first, rows).addmm_(AdapterInner(x_RI.narrow(0, first, rows)), _loraB!.Value.t());
        }
    }

    /// <summary>Writes the gradient of x for the gradient of <see cref="WriteForward"/>'s result, under the same condition.</summary>
    /// <param name="dy_RO">[R, O].</param>
    /// <param name="dx_RI">Receives rows of [R, I].</param>
    /// <param name="run">Which rows.</param>
    /// <param name="add">Adds to what is there instead of overwriting it.</param>
    internal void WriteInputGradient(Tensor dy_RO, Tensor dx_RI, ExpertRun run, bool add = false)
    {
        using var scope = ScopeOfCopies();
        var weight_OI = Weight.ValueAs(dy_RO.dtype);
        foreach (var (first, rows) in RowBlocks.Of(dy_RO, run.Start, run.Count, run.End))
        {
            RowProducts.InputGradient(dy_RO, weight_OI, dx_RI, first, rows, add);
            if (_loraA is not null)
                dx_RI.narrow(0, first, rows).addmm_(AdapterGradient(dy_RO.narrow(0, first, rows)), _loraA.Value);
        }
    }

    /// <summary>Whether gradients of everything that trains here are added to sums (<see cref="ModelParameter.GradientSum"/>).</summary>
    internal bool SumsGradients =>
        (!Weight.Trainable || Weight.GradientSum is not null) && (_loraA is not { Trainable: true } || (_loraA.GradientSum is not null && _loraB!.GradientSum is not null));

    /// <summary>Where weight gradients are left for later, or null when the backward pass computes them.</summary>
    internal DeferredWeightGradients? DeferredGradients => _parameters.WeightGradients;

    /// <summary>Gradients of the <see cref="TrainableParts"/>: none is computed for what is frozen. Null stands for one that is added or waits elsewhere.</summary>
    /// <param name="x_nI">[n, I].</param>
    /// <param name="dy_nO">[n, O].</param>
    /// <param name="queue">Takes them over; null adds them to the sums of the parameters (<see cref="ModelParameter.GradientSum"/>), or returns them.</param>
    /// <param name="dAdapter_nR"><see cref="AdapterGradient"/> of the same rows, where it is known already.</param>
    internal IEnumerable<Tensor> ParameterGradients(Tensor x_nI, Tensor dy_nO, DeferredWeightGradients? queue, Tensor? dAdapter_nR = null)
    {
        if (Weight.Trainable)
            yield return Product(Weight, x_nI, dy_nO);
        if (_loraA is { Trainable: true })
        {
            var (filled_nI, filled_nO) = (RowBlocks.Filled(x_nI), RowBlocks.Filled(dy_nO));
            yield return Product(_loraA, x_nI, dAdapter_nR ?? AdapterGradient(filled_nO).narrow(0, 0, x_nI.shape[0]));
            yield return Product(_loraB!, AdapterInner(filled_nI), filled_nO);
        }

        Tensor Product(ModelParameter parameter, Tensor input, Tensor gradient)
        {
            if (queue is null)
                return parameter.AddGradient(gradient, input)!;
            queue.Add(parameter, input, gradient);
            return null!;
        }
    }

    /// <summary>Puts an adapter beside W and freezes W. B starts at 0, so that the map is unchanged.</summary>
    /// <param name="options">Rank and scale.</param>
    /// <param name="noise">Fills A with uniform numbers in [-1, 1), given its name: the same whatever the mesh.</param>
    internal void AddAdapter(LoraOptions options, Action<string, Memory<float>> noise)
    {
        using var scope = NewDisposeScope();
        var (outputs, inputs) = (Weight.Value.shape[0], Weight.Value.shape[1]);
        var draws = new float[options.Rank * inputs];
        noise(Weight.Name + SuffixA, draws);
        // Kaiming-uniform with a = sqrt(5), as in the LoRA paper's code: bound = 1 / sqrt(inputs).
        var a_RI = (tensor(draws, [options.Rank, inputs], dtype: ScalarType.Float32) / Math.Sqrt(inputs)).to_type(_dtype);
        var device = Weight.Value.device;
        SetAdapter(a_RI.to(device), zeros(outputs, options.Rank, dtype: _dtype, device: device), options);
    }

    /// <summary>Puts an adapter that trained elsewhere beside W and freezes W.</summary>
    /// <param name="options">Rank and scale.</param>
    /// <param name="source">Has A and B by their names.</param>
    internal void LoadAdapter(LoraOptions options, IWeightSource source)
    {
        var (outputs, inputs) = (Weight.Value.shape[0], Weight.Value.shape[1]);
        var device = Weight.Value.device;
        var a_RI = source.Load(Weight.Name + SuffixA, [options.Rank, inputs], _dtype).to(device, disposeAfter: true);
        SetAdapter(a_RI, source.Load(Weight.Name + SuffixB, [outputs, options.Rank], _dtype).to(device, disposeAfter: true), options);
    }

    private void SetAdapter(Tensor a_RI, Tensor b_OR, LoraOptions options)
    {
        _loraA = _parameters.Add(Weight.Name + SuffixA, a_RI, Weight.Placement, Weight.Layer);
        _loraB = _parameters.Add(Weight.Name + SuffixB, b_OR, Weight.Placement, Weight.Layer);
        _loraScale = options.Alpha / options.Rank;
        Weight.Trainable = false;
        _loraA.Trainable = true;
        _loraB.Trainable = true;
    }

    /// <summary>W with the adapter added to it, computed in float32: what an export writes.</summary>
    /// <returns>float32 [O, I]; the caller disposes it.</returns>
    public Tensor MergedWeight()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var weight_OI = Weight.ValueAs(ScalarType.Float32).clone();
        if (_loraA is not null)
            weight_OI.add_(_loraB!.Value.to_type(ScalarType.Float32).matmul(_loraA.Value.to_type(ScalarType.Float32)).mul(_loraScale));
        return weight_OI.DetachFromDisposeScope();
    }

    // Nothing is copied where the weight is as it is computed with and no adapter stands beside it.
    private TorchSharp.DisposeScope? ScopeOfCopies() => Weight.IsCompressed || _loraA is not null ? NewDisposeScope() : null;

    // s x A^T: the scale on the smallest matrix of all.
    private Tensor AdapterInner(Tensor x_NI) => Scaled(x_NI.mm(_loraA!.Value.t()));

    private Tensor Scaled(Tensor value_NR) => _loraScale == 1 ? value_NR : value_NR.mul_(_loraScale);
}
