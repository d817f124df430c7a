// Speed before and after pruning.

// tiny-r1 was made for 1024 positions, and a laptop has little time; the defaults of e3scale speed itself are the paper's lengths.
readonly Dictionary<string, string?> speedArguments = new()
{
    ["model"] = "models/tiny-r1",
    ["student"] = null,
    ["drop-layers"] = "4,6,8,10",
    ["batches"] = null,
    ["prompt-tokens"] = "128",
    ["new-tokens"] = "16",
    ["rounds"] = null,
    ["dtype"] = null,
    ["output"] = System.IO.Path.Combine(artifacts, "speed"),
};

Task("Speed")
    .Description("Measures prefill and decode before and after pruning at batch 1 to 128 (--batches), beside the ideal ratio of the layers.")
    .IsDependentOn("Build")
    .Does(() =>
{
    List<string> line = ["speed"];
    foreach (var (name, byDefault) in speedArguments)
        // A student says itself which layers went.
        if (Argument(name, name == "drop-layers" && HasArgument("student") ? null : byDefault) is { } value)
            line.AddRange([$"--{name}", value]);
    Run(System.IO.Path.Combine(artifacts, "e3scale"), [.. line]);
});
