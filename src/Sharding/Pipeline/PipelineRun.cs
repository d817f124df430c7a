using System.Diagnostics;
using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Sharding;

/// <summary>One run of a schedule on this rank: what is under way between its first and its last action.</summary>
internal sealed class PipelineRun
{
    private readonly Decoder _decoder;
    private readonly Mesh _mesh;
    private readonly IMicroBatchWork _work;
    private readonly IReadOnlyList<PipelineAction> _actions;
    private readonly bool _trains, _splits;
    private readonly ReceiveWindow? _activationsIn, _gradientsIn;
    private readonly SendWindow? _activationsOut, _gradientsOut;
    private readonly IGradientListener? _listener;
    private readonly PipelineAction _lastWithGradients;
    private readonly Dictionary<int, long[]> _shapes = [];
    private readonly Dictionary<int, Saved> _forward = [];
    private readonly Dictionary<int, DeferredWeightGradients> _deferred = [];
    private long _waitedTicks;

    public PipelineRun(
        Decoder decoder, Mesh mesh, IMicroBatchWork work, IReadOnlyList<PipelineAction> actions, IGradientListener? listener)
    {
        (_decoder, _mesh, _work, _actions, _listener) = (decoder, mesh, work, actions, listener);
        // Only the last pass that adds to gradients completes them.
        _lastWithGradients = actions.LastOrDefault(action => action.Kind != PipelineActionKind.Forward);
        _trains = actions.Any(action => action.GoesBackward);
        _splits = actions.Any(action => action.Kind == PipelineActionKind.BackwardInput);
        if (!mesh.IsFirstStage)
        {
            _activationsIn = Receive(-1, PipelineExecutor.ActivationTag);
            _gradientsOut = new SendWindow(mesh.PipelineGroup, mesh.Messages, mesh.Stage - 1, PipelineExecutor.GradientTag);
        }
        if (!mesh.IsLastStage)
        {
            _gradientsIn = Receive(1, PipelineExecutor.GradientTag);
            _activationsOut = new SendWindow(mesh.PipelineGroup, mesh.Messages, mesh.Stage + 1, PipelineExecutor.ActivationTag);
        }
    }

    /// <summary>Carries the actions out, one after the other, while messages travel.</summary>
    /// <param name="afterPass">Told how long each action took, or null.</param>
    public PipelineTiming Execute(Action<PassTiming>? afterPass)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (var action in _actions)
        {
            var (before, waitedBefore) = (Stopwatch.GetTimestamp(), _waitedTicks);
            using (NewDisposeScope())
                Carry(action);
            _mesh.World.Activity.Advance();
            _activationsOut?.DropSent();
            _gradientsOut?.DropSent();
            if (afterPass is not null)
            {
                double waited = Seconds(_waitedTicks - waitedBefore);
                afterPass(new PassTiming(action, waited, Stopwatch.GetElapsedTime(before).TotalSeconds - waited));
            }
        }
        Wait(() => _activationsOut?.Finish());
        Wait(() => _gradientsOut?.Finish());
        return new PipelineTiming(Stopwatch.GetElapsedTime(start).TotalSeconds, Seconds(_waitedTicks));
    }

    private void Carry(PipelineAction action)
    {
        _activationsIn?.Post();
        _gradientsIn?.Post();
        try
        {
            if (action.Kind == PipelineActionKind.Forward)
                Forward(action.MicroBatch);
            if (action.GoesBackward)
                BackwardInput(action);
            if (action.Kind is PipelineActionKind.Backward or PipelineActionKind.BackwardWeight)
                BackwardWeight(action);
        }
        finally
        {
            _decoder.WeightGradients = null;
            _decoder.GradientListener = null;
        }
    }

    private void Forward(int microBatch)
    {
        Tensor? received = null;
        if (_activationsIn is not null)
        {
            Wait(() => received = _activationsIn.Take());
            received!.requires_grad = _trains;
        }
        var queue = _splits ? new DeferredWeightGradients() : null;
        _decoder.WeightGradients = queue;
        var hidden_BTH = _decoder.Forward(received ?? Embed(microBatch), _work.Gate(microBatch), cache: _work.Cache(microBatch));
        if (_activationsOut is not null)
            Wait(() => _activationsOut.Send(hidden_BTH));
        var output = _mesh.IsLastStage ? _work.Finish(microBatch, hidden_BTH) : hidden_BTH;
        if (!_trains)
        {
            received?.Dispose();
            return;
        }
        if (output is null)
            throw new InvalidOperationException($"micro-batch {microBatch} is to go backward, but has no loss");
        _forward.Add(microBatch, new Saved(received, output.DetachFromDisposeScope(), queue));
    }

    private void BackwardInput(PipelineAction action)
    {
        int microBatch = action.MicroBatch;
        _forward.Remove(microBatch, out var saved);
        var (input, output, queue) = saved!;
        // For layers whose forward pass runs again now.
        _decoder.WeightGradients = queue;
        // With a queue the backward pass completes no layer; running the queue does.
        if (action == _lastWithGradients && queue is null)
            _decoder.GradientListener = _listener;
        if (_gradientsIn is null)
        {
            output.backward();
        }
        else
        {
            Tensor? gradient = null;
            Wait(() => gradient = _gradientsIn.Take());
            // Nothing before this point may be trainable: frozen weights, all adapters behind.
            if (output.requires_grad)
                output.backward([gradient!]);
            gradient!.Dispose();
        }
        output.Dispose();
        if (input is not null)
        {
            var gradient = input.grad ?? zeros_like(input);
            Wait(() => _gradientsOut!.Send(gradient));
            input.Dispose();
        }
        if (queue is not null)
            _deferred.Add(microBatch, queue);
    }

    private void BackwardWeight(PipelineAction action)
    {
        if (_deferred.Remove(action.MicroBatch, out var queue))
            queue.Run(action == _lastWithGradients ? _listener : null);
    }

    private Tensor Embed(int microBatch)
    {
        var ids_BT = _work.Ids(microBatch);
        return _decoder.Embed(ids_BT);
    }

    private ReceiveWindow Receive(int from, int tag) => new(
        _mesh.PipelineGroup, _mesh.Messages, _mesh.Stage + from, tag, _decoder.DType,
        _actions.Where(action => action.WaitsFor == from).Select(action => action.MicroBatch), ShapeOf);

    private long[] ShapeOf(int microBatch)
    {
        if (!_shapes.TryGetValue(microBatch, out long[]? shape))
        {
            using var ids_BT = _work.Ids(microBatch);
            _shapes.Add(microBatch, shape = [ids_BT.shape[0], ids_BT.shape[1], _decoder.Config.HiddenSize]);
        }
        return shape;
    }

    private void Wait(Action transfer)
    {
        long start = Stopwatch.GetTimestamp();
        transfer();
        _waitedTicks += Stopwatch.GetTimestamp() - start;
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    /// <param name="Input">What was received, whose gradient goes back; null on the first stage.</param>
    /// <param name="Output">Where the backward pass starts.</param>
    /// <param name="Queue">Where it leaves weight gradients; null: it computes them.</param>
    private sealed record Saved(Tensor? Input, Tensor Output, DeferredWeightGradients? Queue);
}
