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
}
