using System.Globalization;
using E3Scale.Evaluation.Report.Charts;

namespace E3Scale.Evaluation.Studies;

/// <summary>How tables write a metric.</summary>
/// <param name="Digits">Digits after the point.</param>
/// <param name="Factor">What the stored number is multiplied by.</param>
public sealed record StudyFormat(int Digits, double Factor = 1)
{
    /// <summary>A share as a percentage.</summary>
    public static StudyFormat Percent { get; } = new(1, 100);

    /// <summary>A whole number.</summary>
    public static StudyFormat Count { get; } = new(0);

    /// <summary>Bytes as mebibytes.</summary>
    public static StudyFormat Mebibytes { get; } = new(0, 1.0 / (1 << 20));

    /// <summary>Mean ± standard error, or a dash.</summary>
    public string Text(Statistic? statistic)
    {
        if (statistic is not { } known)
            return ChartText.Missing;
        return known.StandardError is { } error ? $"{Number(known.Mean)} ± {Number(error)}" : Number(known.Mean);
    }

    private string Number(double value) => (value * Factor).ToString($"N{Digits}", CultureInfo.InvariantCulture);
}
