namespace E3Scale.Evaluation.Tasks;

/// <summary>
/// WinoGrande (Sakaguchi et al. 2020) by partial evaluation (Trinh and Le 2018): the common rest of the sentence is scored after each of the two
/// ways to fill the gap.
/// </summary>
/// <remarks>Reads the published fields (sentence with a gap "_", option1, option2, answer 1 or 2) and files that are cut already
/// (context_options, continuation, gold).</remarks>
public sealed class WinoGrandeTask() : ChoiceTask("winogrande", "winogrande.jsonl")
{
    /// <inheritdoc/>
    public override bool HasNormalizedAccuracy => false;

    internal override ChoiceItem Read(TaskRecord record)
    {
        if (record.Has("context_options"))
        {
            var contexts = record.Texts("context_options");
            string common = record.Text("continuation").Trim();
            return new ChoiceItem(contexts, [.. contexts.Select(_ => common)], record.Index("gold", contexts.Count));
        }
        string sentence = record.Text("sentence");
        int gap = sentence.IndexOf('_', StringComparison.Ordinal);
        if (gap < 0)
            throw record.Error("sentence", "has no gap '_'");
        string rest = sentence[(gap + 1)..].Trim();
        string[] filled = [sentence[..gap] + record.Text("option1"), sentence[..gap] + record.Text("option2")];
        return new ChoiceItem(filled, [rest, rest], record.Index("answer", 3) switch
        {
            0 => throw record.Error("answer", "is 0, expected 1 or 2"),
            int answer => answer - 1,
        });
    }
}
