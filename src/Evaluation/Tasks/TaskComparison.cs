using System.Text.Json.Serialization;

namespace E3Scale.Evaluation.Tasks;

/// <summary>Two models on the same items of a task: McNemar's exact test of whether one is right more often.</summary>
/// <param name="Task">Name of the task.</param>
/// <param name="BothRight">Items that both answer rightly.</param>
/// <param name="OnlyTeacher">Items that only the teacher answers rightly.</param>
/// <param name="OnlyModel">Items that only the model answers rightly.</param>
/// <param name="BothWrong">Items that neither does.</param>
/// <param name="PValue">
/// How likely the two would differ at least as much if the items on which they disagree were a coin's toss, two-sided; 1 when there are none.
/// </param>
public sealed record TaskComparison(
    [property: JsonPropertyName("task")] string Task,
    [property: JsonPropertyName("both_right")] int BothRight,
    [property: JsonPropertyName("only_teacher")] int OnlyTeacher,
    [property: JsonPropertyName("only_model")] int OnlyModel,
    [property: JsonPropertyName("both_wrong")] int BothWrong,
    [property: JsonPropertyName("p_value")] double PValue)
{
    /// <summary>Compares two results, item by item.</summary>
    /// <param name="teacher">The teacher's.</param>
    /// <param name="model">Another model's, on the same task.</param>
    /// <exception cref="ArgumentException">They are not of the same items.</exception>
    public static TaskComparison Of(TaskResult teacher, TaskResult model)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(model);
        if (teacher.Task != model.Task || teacher.Records.Count != model.Records.Count)
            throw new ArgumentException($"{teacher.Task} with {teacher.Records.Count} items cannot be compared with {model.Task} with {model.Records.Count}");
        var pairs = teacher.Records.Zip(model.Records, (left, right) => (Teacher: left.IsRight, Model: right.IsRight)).ToList();
        int onlyTeacher = pairs.Count(pair => pair is (true, false)), onlyModel = pairs.Count(pair => pair is (false, true));
        return new TaskComparison(
            teacher.Task, pairs.Count(pair => pair is (true, true)), onlyTeacher, onlyModel, pairs.Count(pair => pair is (false, false)),
            PValueOf(Math.Min(onlyTeacher, onlyModel), onlyTeacher + onlyModel));
    }

    /// <summary>Twice the probability of at most <paramref name="fewer"/> heads in so many tosses, at most 1; in logarithms, as 2^-n underflows.</summary>
    private static double PValueOf(int fewer, int tosses)
    {
        double logTerm = -tosses * Math.Log(2), sum = 0;
        for (int heads = 0; heads <= fewer; heads++)
        {
            sum += Math.Exp(logTerm);
            logTerm += Math.Log(tosses - heads) - Math.Log(heads + 1);
        }
        return Math.Min(1, 2 * sum);
    }
}
