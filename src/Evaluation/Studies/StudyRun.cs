using E3Scale.Evaluation.Report;

namespace E3Scale.Evaluation.Studies;

/// <summary>One finished run of a study.</summary>
/// <param name="Column">Setting that the table has a block for, such as the share of layers dropped.</param>
/// <param name="Arm">What is compared, a row of the table.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Folder">Run folder, relative to the study's.</param>
/// <param name="Input">What the run left.</param>
public sealed record StudyRun(string Column, string Arm, long Seed, string Folder, ReportInput Input);
