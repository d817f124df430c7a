using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;

namespace E3Scale.Sharding;

/// <summary>One optimiser step on every rank: reduce, clip by the norm over the whole mesh, AdamW on what this rank holds, new weights to all.</summary>
public sealed class MeshOptimizer : IDisposable
{
    private readonly OptimizerOptions _options;
    private readonly Mesh _mesh;
    private GradientReducer _reducer;

    /// <summary>Takes the trainable parameters of this rank's part of the model.</summary>
    /// <param name="decoder">The part; must outlive the optimiser.</param>
    /// <param name="mesh">The mesh; must outlive the optimiser.</param>
    /// <param name="options">AdamW's settings.</param>
    public MeshOptimizer(Decoder decoder, Mesh mesh, OptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _mesh) = (options, mesh);
        State = new TrainableState(decoder, mesh, options);
        _reducer = new GradientReducer(State, mesh);
        Skipped = new SkippedSteps(options.MaxSkippedSteps);
    }

    /// <summary>Master weights, moments, gradients.</summary>
    public TrainableState State { get; private set; }

    /// <summary>Whom a backward pass tells which layers are complete, so that their gradients travel meanwhile. Optional.</summary>
    public IGradientListener Listener => _reducer;

    /// <summary>Steps that took no effect because of a number that is not finite.</summary>
    public SkippedSteps Skipped { get; }

    /// <summary>Updates so far; AdamW's bias correction needs it.</summary>
    public long StepCount { get; set; }

    /// <summary>Takes the gradients of the backward passes and moves the weights, or skips the step. Collective over the world.</summary>
    /// <param name="step">Its number, for messages.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="loss">This rank's share of the loss; 0 where there is none.</param>
    /// <param name="isFinite">False when anything else that belongs to the step is not finite; it is then skipped on all ranks.</param>
    /// <exception cref="DivergedException">Too many steps in a row were not finite.</exception>
    public OptimizerStep Step(int step, double learningRate, double loss = 0, bool isFinite = true)
    {
        _reducer.Finish();
        Span<double> sums = [_reducer.OwnSumOfSquares(), loss, isFinite ? 0 : double.NaN];
        _mesh.World.AllReduce(sums, ReduceOperation.Sum);
        // Shares of other stages and blocks add up to another last bit; rounded, the step does not depend on how they were cut.
        double norm = (float)Math.Sqrt(sums[0]);
        bool applied = double.IsFinite(norm) && double.IsFinite(sums[1]) && double.IsFinite(sums[2]);
        if (applied)
            Update(learningRate, norm);
        else
            Forget();
        Skipped.Record(step, applied);
        return new OptimizerStep(sums[1], norm, applied);
    }

    /// <summary>Rounds the master weights into the model, on every rank that has a copy. Collective over the world.</summary>
    public void PublishWeights() => WeightPublisher.Publish(State);

    /// <summary>
    /// Multiplies weights by factors, between steps; the moments stay as they are. Collective over the world.
    /// </summary>
    /// <param name="factors">Trainable parameters of this rank, and by how much; the same for all copies of a parameter.</param>
    public void ScaleWeights(IReadOnlyDictionary<ModelParameter, float> factors)
    {
        ArgumentNullException.ThrowIfNull(factors);
        foreach (var region in State.Regions)
            foreach (var piece in region.HeldPieces)
                if (factors.TryGetValue(piece.Parameter, out float factor))
                    foreach (ref float weight in region.Master(piece))
                        weight *= factor;
        PublishWeights();
    }

    /// <summary>
    /// Lays the state out anew after layers came and went (<see cref="ShardedModel.MoveLayers"/>); values do not change. Collective over the
    /// ranks of the stage.
    /// </summary>
    /// <param name="decoder">The decoder as it is now.</param>
    /// <param name="arrived">States of the parameters that came, by name.</param>
    internal void Rebuild(Decoder decoder, IReadOnlyDictionary<string, float[]> arrived)
    {
        var old = State;
        _reducer.Dispose();
        State = new TrainableState(decoder, _mesh, _options);
        foreach (var parameter in State.Regions.SelectMany(region => region.Slices).Select(slice => slice.Parameter))
            State.WriteState(parameter, arrived.TryGetValue(parameter.Name, out float[]? state) ? state : old.ReadState(parameter));
        old.Dispose();
        _reducer = new GradientReducer(State, _mesh);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reducer.Dispose();
        State.Dispose();
    }

    private void Update(double learningRate, double norm)
    {
        var step = new AdamWStep
        {
            LearningRate = learningRate,
            Beta1 = _options.Beta1,
            Beta2 = _options.Beta2,
            Epsilon = _options.Epsilon,
            GradientScale = _options.ClipNorm > 0 && norm > _options.ClipNorm ? _options.ClipNorm / norm : 1,
            Step = ++StepCount,
        };
        WeightPublisher.Publish(State, (region, piece, rounded) =>
            FlatAdamW.Update(
                region.Master(piece), region.ReducedGradient(piece),
                region.FirstMoment.Span(piece.StateOffset, piece.Count), region.SecondMoment.Span(piece.StateOffset, piece.Count),
                step with { WeightDecay = piece.Parameter.Value.dim() >= 2 ? _options.WeightDecay : 0 }, rounded));
    }

    private void Forget()
    {
        foreach (var region in State.Regions)
            region.ClearGradients();
    }
}
