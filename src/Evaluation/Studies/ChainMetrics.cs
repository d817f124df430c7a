using System.Globalization;
using E3Scale.Evaluation.Chains;

namespace E3Scale.Evaluation.Studies;

/// <summary>Answers by length of the reasoning, and with several tries, as metrics.</summary>
internal static class ChainMetrics
{
    /// <summary>Exact greedy answers for each number of steps that any run has.</summary>
    public static IReadOnlyList<(int Steps, StudyMetric Metric)> Lengths(StudyResult study) =>
    [
        .. Known(study, chains => chains.Lengths.Select(length => length.Steps)).Select(steps => (steps, StudyMetric.OfModels(
            Name($"chain_{steps}_exact_match"), Name($"{steps} steps, %"), StudyFormat.Percent,
            model => model.Chains?.Lengths.FirstOrDefault(length => length.Steps == steps)?.ExactMatch))),
    ];

    /// <summary>How many problems each figure rests on, for the head of a table; empty where runs differ.</summary>
    public static string Problems(StudyResult study) =>
        Known(study, chains => chains.Lengths.Select(length => length.Items)).ToArray() is [var items]
            ? Name($", {items} problems of each length and seed")
            : "";

    /// <summary>pass@k for each k that any run has.</summary>
    public static IReadOnlyList<(int K, StudyMetric Metric)> Passes(StudyResult study) => Tries(study, "pass", tries => tries.Pass);

    /// <summary>maj@k for each k that any run has.</summary>
    public static IReadOnlyList<(int K, StudyMetric Metric)> Majorities(StudyResult study) => Tries(study, "maj", tries => tries.Majority);

    private static IReadOnlyList<(int K, StudyMetric Metric)> Tries(StudyResult study, string name, Func<TriesResult, double> value) =>
    [
        .. Known(study, chains => chains.Tries.Select(tries => tries.K)).Select(k => (k, StudyMetric.OfModels(
            Name($"{name}_at_{k}"), Name($"{name}@{k}, %"), StudyFormat.Percent,
            model => model.Chains?.Tries.FirstOrDefault(tries => tries.K == k) is { } found ? value(found) : null))),
    ];

    private static IEnumerable<int> Known(StudyResult study, Func<ChainResult, IEnumerable<int>> values) =>
        study.Runs.Select(run => run.Input.Summary?.Student.Chains).OfType<ChainResult>().SelectMany(values).Distinct().Order();

    private static string Name(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
