namespace E3Scale.Evaluation.Tasks;

/// <summary>AI2 Reasoning Challenge (Clark et al. 2018): science questions for schools; the challenge half with 25 shots.</summary>
public sealed class ArcTask : ChoiceTask
{
    private readonly bool _isChallenge;

    private ArcTask(string name, bool isChallenge)
        : base(name, $"{name}.jsonl")
    {
        _isChallenge = isChallenge;
    }

    /// <summary>The questions that simple methods answer.</summary>
    public static ArcTask Easy { get; } = new("arc_easy", isChallenge: false);

    /// <summary>The ones that they do not.</summary>
    public static ArcTask Challenge { get; } = new("arc_challenge", isChallenge: true);

    /// <inheritdoc/>
    public override int DefaultShots => _isChallenge ? 25 : 0;

    /// <inheritdoc/>
    public override string Metric => _isChallenge ? "acc_norm" : "acc";

    internal override ChoiceItem Read(TaskRecord record)
    {
        TaskRecord choices = record.Nested("choices");
        IReadOnlyList<string> texts = choices.Texts("text"), labels = choices.Texts("label");
        int gold = labels.ToList().IndexOf(record.Text("answerKey"));
        if (gold < 0 || labels.Count != texts.Count)
            throw record.Error("answerKey", $"is {record.Text("answerKey")}, expected one label for each of the {texts.Count} choices, and one of {string.Join(", ", labels)}");
        return new ChoiceItem($"Question: {record.Text("question")}\nAnswer:", texts, gold);
    }
}
