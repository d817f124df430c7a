using E3Scale.MoE;

namespace E3Scale.Pruner.Export;

/// <summary>What an export says about itself when it is done.</summary>
/// <param name="Rounding">What the types of the files changed in the weights.</param>
/// <param name="LacksPrediction">True when multi-token-prediction layers were asked for and the source has none.</param>
public sealed record ExportSummary(ExportRounding Rounding, bool LacksPrediction)
{
    /// <summary>The summary as lines for people; none when there is nothing to say.</summary>
    public IEnumerable<string> Lines
    {
        get
        {
            if (LacksPrediction)
                yield return "no multi-token-prediction layers in the source, so none are kept";
            if (Rounding.Total.Largest == 0)
                yield break;
            yield return $"rounding moved the weights by {Describe(Rounding.Total)}";
            foreach (var (kind, error) in Rounding.ByKind)
                yield return $"  {kind}: {Describe(error)}";
        }
    }

    private static string Describe(RoundingError error) =>
        FormattableString.Invariant($"{error.RelativeRms:0.00e+0} of their root mean square, the farthest by {error.Largest:0.00e+0}");
}
