namespace E3Scale.Evaluation.Tasks;

/// <summary>PIQA (Bisk et al. 2020): which of two ways reaches a goal of daily life.</summary>
public sealed class PiqaTask() : ChoiceTask("piqa", "piqa.jsonl")
{
    internal override ChoiceItem Read(TaskRecord record) =>
        new($"Question: {record.Text("goal")}\nAnswer:", [record.Text("sol1"), record.Text("sol2")], record.Index("label", 2));
}
