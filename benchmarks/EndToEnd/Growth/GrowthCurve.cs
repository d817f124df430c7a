namespace E3Scale.Benchmarks.Growth;

/// <summary>Time or memory along an axis.</summary>
/// <param name="Axis">What grows.</param>
/// <param name="Unit">Of the values.</param>
/// <param name="Measured">One for each value of the axis.</param>
/// <param name="Planned">What the planner says.</param>
internal sealed record GrowthCurve(GrowthAxis Axis, string Unit, IReadOnlyList<double> Measured, IReadOnlyList<double> Planned);
