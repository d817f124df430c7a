namespace E3Scale.Pruner.Selection;

/// <summary>What the weights of a teacher, and gradients of it, say about its layers. No weight is changed for good. Collective over the mesh.</summary>
public interface IWeightProbe
{
    /// <summary>For every layer, the sum of |w| over its matrices and norms.</summary>
    /// <returns>[L].</returns>
    double[] Magnitude();

    /// <summary>
    /// For every layer, the sum of |w dL/dw| over its matrices and norms, L the mean next-token loss over all calibration text: what leaving a
    /// weight out costs, to first order. The product is summed over the text with its sign.
    /// </summary>
    /// <returns>[L].</returns>
    double[] Taylor();

    /// <summary>
    /// KL(teacher || gated teacher), mean over all calibration tokens and the whole vocabulary, nats, where each gate multiplies what attention and
    /// MLP of a layer add to the residual stream; and its slopes.
    /// </summary>
    /// <param name="gates">[L], 0 to 1.</param>
    /// <returns>The divergence, and its derivative by every gate, [L]; 0 by a gate that is 0, whose layer does not run.</returns>
    (double Kl, double[] ByGate) GatedKl(IReadOnlyList<double> gates);

    /// <summary>
    /// How bad the model of the kept layers is once it was trained a little on the next token, each batch a step of AdamW. The weights are the
    /// teacher's again afterwards.
    /// </summary>
    /// <param name="isKept">[L].</param>
    /// <param name="training">Batches to train on, one after the other.</param>
    /// <param name="learningRate">Constant, of AdamW without weight decay.</param>
    /// <param name="metric">The judge.</param>
    /// <param name="batches">Batches to judge on; null for all.</param>
    double LossAfterTraining(
        IReadOnlyList<bool> isKept, IReadOnlyList<int> training, double learningRate, ProbeMetric metric, IReadOnlyList<int>? batches = null);
}
