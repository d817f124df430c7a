namespace E3Scale.Pruner.Selection;

/// <summary>A batch of calibration text on one data rank.</summary>
/// <param name="Sequences">Sequence numbers.</param>
/// <param name="Counts">False where a rank without a batch left repeats the last one, whose result is thrown away.</param>
public sealed record CalibrationShare(long[] Sequences, bool Counts);
