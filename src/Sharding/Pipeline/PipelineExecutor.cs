using System.Diagnostics;
using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Sharding;

/// <summary>Carries out a schedule on this rank: activations go down the pipeline, gradients come back up.</summary>
/// <param name="decoder">This rank's part of the model.</param>
/// <param name="mesh">Where this rank is.</param>
public sealed class PipelineExecutor(Decoder decoder, Mesh mesh)
{
    internal const int ActivationTag = 1;
    internal const int GradientTag = 2;
    private static readonly ForwardOnly s_forwardOnly = new();
    private (IPipelineSchedule Schedule, int MicroBatches, IReadOnlyList<PipelineAction> Actions)? _validated;

    /// <summary>Told how long each pass took; null (default) for nobody.</summary>
    public Action<PassTiming>? AfterPass { get; set; }

    /// <summary>How this rank spent its time in the last <see cref="Train"/> or <see cref="Infer"/>.</summary>
    public PipelineTiming LastRun { get; private set; }

    /// <summary>Runs forward passes only, without graph. Collective over the pipeline, and over the expert group.</summary>
    /// <param name="work">What to compute.</param>
    /// <param name="microBatches">How many; the same on every rank of an expert group.</param>
    public void Infer(IMicroBatchWork work, int microBatches)
    {
        using var _ = no_grad();
        Run(s_forwardOnly, work, microBatches);
    }

    /// <summary>
    /// Runs forward and backward passes; gradients add up in the parameters (and masks) of this rank. Collective likewise.
    /// </summary>
    /// <param name="work">What to compute.</param>
    /// <param name="microBatches">How many; the same on every rank of an expert group.</param>
    /// <param name="schedule">In which order; the same on every rank. Null for one forward, one backward.</param>
    /// <param name="listener">Told which layers' gradients are complete while the last backward pass goes on; null for nobody.</param>
    /// <exception cref="PipelineScheduleException">
    /// The schedule cannot be carried out; every rank finds that before anything runs.
    /// </exception>
    public void Train(IMicroBatchWork work, int microBatches, IPipelineSchedule? schedule = null, IGradientListener? listener = null) =>
        Run(schedule ?? PipelineSchedules.Of(PipelineScheduleKind.OneForwardOneBackward), work, microBatches, listener);

    /// <summary>
    /// Runs the model once in full and once without each of some units, layers or branches of layers. The prefix is shared: what enters a unit is
    /// computed once, only what is behind it runs again (METHODS 1.4). Collective over the pipeline, and over the expert group.
    /// </summary>
    /// <param name="ids_BT">int64 [B, T].</param>
    /// <param name="leftOut">Units to leave out, one at a time; ascending, and all of them kept.</param>
    /// <param name="onFull">Last stage: gets the residual stream of the full model after its last layer.</param>
    /// <param name="onWithout">Last stage: gets a unit's number and the residual stream of the model without it.</param>
    /// <param name="isKept">Units of the model that counts as full here, by number; null for all.</param>
    /// <param name="onUnit">Every stage: gets the pass of each of its kept units in the full model; null for nobody.</param>
    /// <param name="units">What is counted. Default: layers.</param>
    public void InferWithoutEach(
        Tensor ids_BT, IReadOnlyList<int> leftOut, Action<Tensor> onFull, Action<int, Tensor> onWithout,
        IReadOnlyList<bool>? isKept = null, Action<UnitPass>? onUnit = null, PruningUnits units = PruningUnits.Layers)
    {
        ArgumentNullException.ThrowIfNull(ids_BT);
        ArgumentNullException.ThrowIfNull(leftOut);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var next = mesh.IsLastStage ? null : new SendWindow(mesh.PipelineGroup, mesh.Messages, mesh.Stage + 1, ActivationTag);
        var inputs = new Dictionary<int, Tensor>();
        (DecoderLayer Layer, int Unit)[] kept =
            [.. decoder.Layers.SelectMany(layer => units.OfLayer(layer.Index), (layer, unit) => (layer, unit)).Where(item => isKept?[item.unit] ?? true)];
        var hidden_BTH = mesh.IsFirstStage ? decoder.Embed(ids_BT) : Receive(ids_BT);
        foreach (var (layer, unit) in kept)
        {
            inputs.Add(unit, hidden_BTH);
            hidden_BTH = onUnit is null ? Run(layer, unit, hidden_BTH) : Watched(layer, unit, hidden_BTH);
        }
        PassOn(hidden_BTH, next, onFull);

        int mine = units.OfLayer(decoder.Layers[0].Index).First(), behind = units.OfLayer(decoder.Layers[^1].Index).Last();
        foreach (int left in leftOut.Where(unit => unit <= behind))
        {
            using var inner = NewDisposeScope();
            mesh.World.Activity.Advance();
            var rest_BTH = left >= mine ? inputs[left] : Receive(ids_BT);
            foreach (var (layer, unit) in kept.Where(item => item.Unit > left))
                rest_BTH = Run(layer, unit, rest_BTH);
            PassOn(rest_BTH, next, result => onWithout(left, result));
        }
        next?.Finish();

        // A patch stands behind the whole layer, and goes with it.
        Tensor Run(DecoderLayer layer, int unit, Tensor x_BTH)
        {
            var output_BTH = layer.Forward(x_BTH, branches: units.BranchesOf(unit));
            return unit == units.OfLayer(layer.Index).Last() ? decoder.Patched(layer.Index, output_BTH) : output_BTH;
        }

        Tensor Watched(DecoderLayer layer, int unit, Tensor x_BTH)
        {
            Synchronize();
            long start = Stopwatch.GetTimestamp();
            var output_BTH = Run(layer, unit, x_BTH);
            Synchronize();
            onUnit(new UnitPass(unit, x_BTH, output_BTH, Stopwatch.GetElapsedTime(start).TotalSeconds));
            return output_BTH;
        }
    }

    /// <summary>
    /// Idle share of all stages of this replica in the last run, 0 to 1: what each waited for messages, and for the slowest stage at the
    /// end. Collective over the pipeline.
    /// </summary>
    public double MeasureBubble()
    {
        if (mesh.Shape.Pipeline == 1)
            return 0;
        var timings = new double[2 * mesh.Shape.Pipeline];
        mesh.PipelineGroup.AllGather([LastRun.ElapsedSeconds, LastRun.BusySeconds], timings);
        double longest = timings.Where((_, i) => i % 2 == 0).Max();
        return longest > 0 ? 1 - timings.Where((_, i) => i % 2 == 1).Average() / longest : 0;
    }

    private void Synchronize()
    {
        if (decoder.Device.type == TorchSharp.DeviceType.CUDA)
            cuda.synchronize(decoder.Device);
    }

    private static void PassOn(Tensor hidden_BTH, SendWindow? next, Action<Tensor> onLastStage)
    {
        if (next is null)
            onLastStage(hidden_BTH);
        else
            next.Send(hidden_BTH);
    }

    private Tensor Receive(Tensor ids_BT) =>
        mesh.PipelineGroup.ReceiveTensor(
            [ids_BT.shape[0], ids_BT.shape[1], decoder.Config.HiddenSize], decoder.DType, mesh.Messages, mesh.Stage - 1, ActivationTag);

    private void Run(IPipelineSchedule schedule, IMicroBatchWork work, int microBatches, IGradientListener? listener = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (_validated is not { } known || known.Schedule != schedule || known.MicroBatches != microBatches)
        {
            var actions = PipelineScheduleValidator.Validate(schedule, mesh.Shape.Pipeline, microBatches)[mesh.Stage];
            _validated = known = (schedule, microBatches, actions);
        }
        LastRun = new PipelineRun(decoder, mesh, work, known.Actions, listener).Execute(AfterPass);
    }
}
