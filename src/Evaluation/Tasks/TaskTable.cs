using System.Globalization;
using System.Text;
using System.Text.Json;

namespace E3Scale.Evaluation.Tasks;

/// <summary>Results as text.</summary>
public static class TaskTable
{
    /// <summary>A Markdown table with a row for each task; the figure to report is marked.</summary>
    /// <param name="results">What a model reached.</param>
    public static string Draw(IReadOnlyList<TaskResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        var table = new StringBuilder("| task | shots | n | acc | acc_norm | exact match |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (TaskResult result in results)
        {
            string accuracy = Cell(result, "acc", result.Accuracy, result.AccuracyError);
            string normalized = Cell(result, "acc_norm", result.NormalizedAccuracy, result.NormalizedAccuracyError);
            string exact = Cell(result, "exact_match", result.ExactMatch, result.ExactMatchError);
            table.Append(CultureInfo.InvariantCulture, $"| {result.Task} | {result.Shots} | {result.Items} | {accuracy} | {normalized} | {exact} |\n");
        }
        return table.ToString();
    }

    /// <summary>Every item of every task as a line of JSON.</summary>
    /// <param name="results">What a model reached.</param>
    public static string ItemLines(IReadOnlyList<TaskResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        var lines = new StringBuilder();
        foreach (TaskResult result in results)
            foreach (TaskItemResult record in result.Records)
            {
                var line = JsonSerializer.SerializeToNode(record)!.AsObject();
                line.Insert(0, "task", result.Task);
                lines.Append(line.ToJsonString()).Append('\n');
            }
        return lines.ToString();
    }

    private static string Cell(TaskResult result, string metric, double? share, double? error)
    {
        if (share is null)
            return "-";
        string text = string.Create(CultureInfo.InvariantCulture, $"{share:0.0000} ± {error:0.0000}");
        return metric == result.Metric ? $"**{text}**" : text;
    }
}
