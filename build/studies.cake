// Comparisons of methods and settings over seeds: the paper's tables and figures.

readonly (string Target, string Study, string Description)[] studies =
[
    ("ReproduceTable1", "table1", "Table 1: methods compared on a dense model."),
    ("ReproduceTable2", "table2", "Table 2: methods compared on a mixture-of-experts model."),
    ("ReproduceTable3", "table3", "Table 3: share of the steps that the search gets."),
    ("ReproduceTable4", "table4", "Table 4: plain and adaptive distillation."),
    ("Ablations", "ablations", "Figure 4: start of the scores, sampler, objective."),
    ("Consistency", "consistency", "Fine-tuning against distillation: agreement with the teacher, divergences, rank correlation, accuracy."),
    ("LongChain", "longchain", "Accuracy against length of the reasoning chain, and with several samples per problem."),
    ("Economy", "economy", "Tokens, seconds and memory that every method of selection takes."),
    ("Trajectory", "trajectory", "Figure 7: the mask over the steps of the search."),
];

foreach (var (target, study, description) in studies)
    Task(target)
        .Description($"{description} --scale=full writes recipes for the paper's models; --seeds=1,2 takes other seeds.")
        .IsDependentOn("Build")
        .Does(() => RunStudy(study));

void RunStudy(string name)
{
    string scale = Argument("scale", "small");
    string folder = Argument("run-dir", $"runs/studies/{name}{(scale == "small" ? "" : $"-{scale}")}");
    List<string> line = ["study", $"cluster/studies/{name}.yaml", "--run-dir", folder, "--reuse", "runs/studies", "--scale", scale];
    if (HasArgument("seeds"))
        line.AddRange(Argument<string>("seeds").Split(',').Prepend("--seeds"));
    foreach (string change in Arguments<string>("set", []))
        line.AddRange(["--set", change]);
    Run(System.IO.Path.Combine(artifacts, "e3scale"), [.. line]);
}
