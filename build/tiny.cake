// The shipped models.

Task("PretrainTiny")
    .Description("Trains models/tiny-r1, the small DeepSeek-style model that ships with the repository, again from scratch.")
    .IsDependentOn("Build")
    .Does(() => RunE3Scale("pretrain", "cluster/recipes/tiny-r1-pretrain.yaml"));

Task("PretrainDense")
    .Description("Trains models/tiny-llama, the small dense model of LLaMA's architecture, again from scratch.")
    .IsDependentOn("Build")
    .Does(() => RunE3Scale("pretrain", "cluster/recipes/tiny-llama-pretrain.yaml"));
