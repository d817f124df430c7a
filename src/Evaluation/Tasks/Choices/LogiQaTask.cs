namespace E3Scale.Evaluation.Tasks;

/// <summary>
/// LogiQA (Liu et al. 2020): logical reasoning from examinations. Where only LogiQA 2.0 is there, its items in the same prompt; the result says
/// which file was read.
/// </summary>
public sealed class LogiQaTask() : ChoiceTask("logiqa", "logiqa.jsonl", "logiqa2.jsonl", "noncommercial/logiqa2.jsonl")
{
    private const string Letters = "ABCD";

    /// <inheritdoc/>
    public override string Metric => "acc_norm";

    internal override ChoiceItem Read(TaskRecord record)
    {
        var options = record.Texts("options");
        if (options.Count > Letters.Length)
            throw record.Error("options", $"has {options.Count} entries, expected at most {Letters.Length}");
        string passage = record.Text(record.Has("context") ? "context" : "text");
        string listed = string.Concat(options.Select((option, i) => $"{Letters[i]}. {option}\n"));
        return new ChoiceItem($"Passage: {passage}\nQuestion: {record.Text("question")}\nChoices:\n{listed}Answer:", options, Gold(record, options.Count));
    }

    // The first LogiQA names the right option by a small letter, the second by its number.
    private static int Gold(TaskRecord record, int count)
    {
        if (!record.Has("label"))
            return record.Index("answer", count);
        int gold = Letters.IndexOf(record.Text("label").Trim(), StringComparison.OrdinalIgnoreCase);
        return record.Text("label").Trim().Length == 1 && gold >= 0 && gold < count
            ? gold
            : throw record.Error("label", $"is {record.Text("label")}, expected the letter of one of {count} options");
    }
}
