using E3Scale.Pruner.Search;

namespace E3Scale.Pruner.Selection;

/// <summary>
/// Decides which layers stay: model, calibration data and target in, mask.json out, and the weights as they were changed on the way as a train
/// checkpoint (METHODS 14). What follows, recovery by distillation or none, is the same for all.
/// </summary>
public interface ILayerPruner
{
    /// <summary>Chooses and writes mask.json. Collective over the world.</summary>
    /// <returns>The same on every rank.</returns>
    MaskResult Run();
}
