using E3Scale.Launcher.Recipes;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Search;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Tests.Recipes;

public sealed class RecipeLoaderTests : IDisposable
{
    private const string Minimal = """
        name: small
        model:
          teacher: models/small
        corpus:
          paths: [a.txt]
        search:
          drop_layers: 4
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_MinimalRecipe_TakesDefaults()
    {
        Recipe recipe = Load(Minimal);

        Assert.Equal(10, recipe.Store.TopK);
        Assert.Equal(40, recipe.Importance.Sequences);
        Assert.Equal(Relaxation.Smaller, recipe.Search.Relax);
        Assert.Equal(0.05, recipe.Search.Scores.LearningRate);
        Assert.Equal([0.9, 0.95], recipe.Train.Betas);
        Assert.Equal([LoraTargets.Attention, LoraTargets.DenseMlp, LoraTargets.SharedExperts], recipe.Train.Lora.Targets);
        Assert.Equal(1, recipe.Mesh.Shape.WorldSize);
        Assert.Equal((DeviceKind.Auto, MessagePath.Auto), (recipe.Device, recipe.DeviceMessages));
        Assert.Equal(120, recipe.SearchSteps);
        Assert.Equal((null, "5GB", false), (recipe.Export.Weights, recipe.Export.MaxShardSize, recipe.Export.KeepMtp));
    }

    [Fact]
    public void Load_EveryKindOfValue_IsRead()
    {
        Recipe recipe = Load(Minimal + """

            device: cuda
            device_messages: staged
            kd: { form: ghost, entropy: topk, weight: h/mean }
            export: { weights: fp8, max_shard_size: 1GiB, keep_mtp: true }
            train: { learning_rate: 5e-4, betas: [0.8, 0.9], adapter: lora, lora: { targets: [routed_experts] } }
            """);

        Assert.Equal((DeviceKind.Cuda, MessagePath.Staged), (recipe.Device, recipe.DeviceMessages));
        Assert.Equal(DistillationForm.Ghost, recipe.Kd.Form);
        Assert.Equal((WeightFormat.Fp8, "1GiB", true), (recipe.Export.Weights, recipe.Export.MaxShardSize, recipe.Export.KeepMtp));
        Assert.Equal(EntropySource.TopK, recipe.Kd.Entropy);
        Assert.Equal(TokenWeighting.EntropyOverMean, recipe.Kd.Weight);
        Assert.Equal(5e-4, recipe.Train.LearningRate);
        Assert.Equal([0.8, 0.9], recipe.Train.Betas);
        Assert.Equal([LoraTargets.RoutedExperts], recipe.Train.Lora.Targets);
    }

    [Theory]
    [InlineData("expert_replicas: 2", "mesh.expert_replicas")]
    [InlineData("expert_load: load.json", "mesh.expert_load")]
    [InlineData("expert_placement: balanced, expert_load: nowhere.json", "does not exist")]
    public void Load_ExpertFieldsThatContradict_SaysWhich(string fields, string part) =>
        Assert.Contains(part, MessageOf(Minimal + $"\nmesh: {{ {fields} }}\n"), StringComparison.Ordinal);

    [Fact]
    public void Load_BalancedExperts_IsRead()
    {
        MeshSection mesh = Load(Minimal + "\nmesh: { data: 2, expert: 2, expert_placement: balanced, expert_replicas: 1 }\n").Mesh;
        Assert.Equal((ExpertPlacementKind.Balanced, 1, null), (mesh.ExpertPlacement, mesh.ExpertReplicas, mesh.ExpertLoad));
    }

    [Fact]
    public void Load_UnknownKey_NamesLineAndNearestKey()
    {
        string message = MessageOf(Minimal + "\ntrain:\n  stepps: 3\n");

        Assert.Contains("recipe.yaml:9:3: ", message, StringComparison.Ordinal);
        Assert.Contains("unknown key 'stepps' in train. Did you mean steps?", message, StringComparison.Ordinal);
        Assert.Contains("batch_sequences", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("seed: many", "8:7: seed: found 'many', expected a whole number at least 0.")]
    [InlineData("seed: -1", "8:7: seed: '-1' is not allowed; expected a whole number at least 0.")]
    [InlineData("seed:", "8:6: seed: no value; expected a whole number")]
    [InlineData("store: { top_k: 0 }", "8:17: store.top_k: '0' is not allowed; expected a whole number at least 1 and at most 256.")]
    [InlineData("store: { top_k: 2.5 }", "8:17: store.top_k: found '2.5'")]
    [InlineData("store: { encoding: gzip }", "store.encoding: found 'gzip', expected one of exact, compact.")]
    [InlineData("store: 3", "8:8: store: expected a section of 'key: value' lines, found '3'.")]
    [InlineData("train: { betas: [0.9, 1.0] }", "train.betas: a list of 2 is not allowed; expected two numbers, each at least 0 and below 1.")]
    [InlineData("train: { learning_rate: .nan }", "train.learning_rate: found '.nan', expected a number")]
    [InlineData("train: { lora: { targets: attention } }", "train.lora.targets: found 'attention', expected a list, each item one of attention, dense_mlp")]
    [InlineData("train: { lora: { targets: [head] } }", "train.lora.targets[0]: found 'head'")]
    [InlineData("export: { max_shard_size: many }", "export.max_shard_size: 'many' is not allowed; expected a size such as 5GB")]
    [InlineData("export: { keep_mtp: 1 }", "export.keep_mtp: found '1', expected true or false")]
    [InlineData("export: { weights: fp4 }", "export.weights: found 'fp4', expected one of keep, float32, bfloat16, fp8")]
    public void Load_WrongValue_NamesPlaceFoundAndAllowed(string line, string expected) =>
        Assert.Contains(expected, MessageOf($"{Minimal}\n{line}\n"), StringComparison.Ordinal);

    [Theory]
    [InlineData("mesh: { expert: 2, data: 3 }", "mesh.expert: 2 does not divide mesh.data (3)")]
    [InlineData("mesh: { data: 3 }", "train.batch_sequences: 128 is not a multiple of mesh.data (3)")]
    [InlineData("train: { batch_sequences: 8, micro_batch_sequences: 3 }", "train.micro_batch_sequences: 3 does not divide the 8 sequences")]
    [InlineData("train: { steps: 10, warmup_steps: 11 }", "train.warmup_steps: 11 is more than train.steps (10)")]
    [InlineData("train: { min_learning_rate: 1 }", "train.min_learning_rate: 1 is above train.learning_rate (0.0001)")]
    [InlineData("kd: { entropy_of: student, weight: h/mean }", "kd.weight: h/mean, but kd.entropy_of is student")]
    [InlineData("compensation: linear-patch", "export.patch: refuse, but compensation is linear-patch")]
    [InlineData("evaluate: { arithmetic_items: 5 }", "evaluate.arithmetic_items: 5, but corpus.arithmetic_heldout_items is 0")]
    [InlineData("evaluate: { chain: { lengths: [3, 2] } }", "evaluate.chain.lengths: [3, 2], expected different numbers of steps from 1 to 1000, ascending")]
    [InlineData("evaluate: { chain: { lengths: [] } }", "evaluate.chain.lengths: [], expected different numbers of steps")]
    [InlineData("evaluate: { chain: { samples: 4 } }", "evaluate.chain.samples: 4, but evaluate.chain.items_per_length is 0")]
    [InlineData("evaluate: { tasks: [pika], tasks_dir: . }", "evaluate.tasks: pika, expected some of sciq, piqa, winogrande")]
    [InlineData("evaluate: { tasks: [piqa] }", "evaluate.tasks_dir: not given; name the folder with the files of evaluate.tasks")]
    [InlineData("evaluate: { tasks: [piqa], tasks_dir: nowhere }", "nowhere is no folder; name the one with the tasks' files")]
    [InlineData("evaluate: { task_chat_template: gpt }", "evaluate.task_chat_template: gpt, expected one of deepseek-r1")]
    public void Load_FieldsThatContradict_SayWhich(string line, string expected)
    {
        string message = MessageOf($"{Minimal}\n{line}\n");

        Assert.Contains("recipe.yaml:8:", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("search.keep_layers=3")]
    [InlineData("search.drop_layers=null")]
    public void Load_NotExactlyOneOfDropAndKeep_Throws(string change) =>
        Assert.Contains("exactly one of drop_layers and keep_layers", MessageOf(Minimal, change), StringComparison.Ordinal);

    [Theory]
    [InlineData("search.drop_share: missing, but search.budget is latency", "search.budget=latency", "search.drop_layers=null")]
    [InlineData("only e3-pruner weighs them", "search.budget=latency", "search.drop_layers=null", "search.drop_share=0.25", "search.method=sleb")]
    [InlineData("only e3-pruner drops branches", "search.units=branches", "search.method=leave-one-out")]
    [InlineData("compensation: prune-and-comp, but search.units is branches", "search.units=branches", "compensation=prune-and-comp")]
    [InlineData("search.drop_share: missing", "search.budget=parameters", "search.drop_layers=null")]
    [InlineData("search.budget: parameters, but a number of layers", "search.budget=parameters", "search.drop_share=0.25")]
    [InlineData("search.drop_share: given, but search.budget is layers", "search.drop_share=0.25")]
    [InlineData("search.method is shortgpt", "search.budget=parameters", "search.drop_layers=null", "search.drop_share=0.25", "search.method=shortgpt")]
    public void Load_BudgetThatContradicts_SaysWhatToChange(string expected, params string[] changes) =>
        Assert.Contains(expected, MessageOf(Minimal, changes), StringComparison.Ordinal);

    [Theory]
    [InlineData("compensation: none, but search.method is come", "search.method=come")]
    [InlineData("compensation: prune-and-comp, but search.method is come", "search.method=come", "compensation=prune-and-comp")]
    [InlineData("compensation: concatenate, but search.method is sheared-llama", "search.method=sheared-llama", "compensation=concatenate")]
    [InlineData(
        "train.lora.base_dtype: fp8, but compensation is concatenate",
        "search.method=shortgpt", "compensation=concatenate", "train.adapter=lora", "train.lora.base_dtype=fp8")]
    public void Load_MergesThatCannotBe_SayWhatToChange(string expected, params string[] changes) =>
        Assert.Contains(expected, MessageOf(Minimal, changes), StringComparison.Ordinal);

    [Theory]
    [InlineData("come")]
    [InlineData("random")]
    public void Load_ConcatenationOfAChoice_IsAllowed(string method) => Load(Minimal, $"search.method={method}", "compensation=concatenate");

    [Fact]
    public void Load_HeldoutAlsoTrainedOn_Throws() =>
        Assert.Contains("corpus.heldout: a.txt is also in corpus.paths", MessageOf(Minimal, "corpus.heldout=[a.txt]"), StringComparison.Ordinal);

    [Theory]
    [InlineData("name: x", "the recipe lacks the field model")]
    [InlineData("name: x\nmodel: {}\n", "model lacks the field teacher")]
    [InlineData("", "the recipe is empty")]
    [InlineData("- a\n", "expected 'key: value' lines")]
    [InlineData("a: 1\na: 2\n", "not valid YAML")]
    [InlineData("a: [1\n", "not valid YAML")]
    [InlineData("a: 1\n---\nb: 2\n", "2 YAML documents")]
    public void Load_NotARecipe_Throws(string text, string expected) => Assert.Contains(expected, MessageOf(text), StringComparison.Ordinal);

    [Fact]
    public void Load_DeepNesting_IsRefusedNotFollowed() =>
        Assert.Contains("nested more than", MessageOf("a: " + new string('[', 200_000)), StringComparison.Ordinal);

    [Fact]
    public void Load_NoSuchFile_NamesIt()
    {
        var error = Assert.Throws<RecipeException>(() => RecipeLoader.Load("/nowhere/recipe.yaml", []));

        Assert.Contains("/nowhere/recipe.yaml: the recipe cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Overrides_WinInOrder()
    {
        Recipe recipe = Load(Minimal, "search.temperature=2", "store.top_k=5", "search.temperature=3", "kd.weight=h", "corpus.paths=[b.txt, c.txt]");

        Assert.Equal(3, recipe.Search.Temperature);
        Assert.Equal(5, recipe.Store.TopK);
        Assert.Equal(TokenWeighting.Entropy, recipe.Kd.Weight);
        Assert.Equal(["b.txt", "c.txt"], recipe.Corpus.Paths);
        Assert.Equal(4, recipe.Search.DropLayers);
    }

    [Theory]
    [InlineData("search.protect_ends=1", "--set search.protect_ends=1: search.protect_ends: found '1', expected true or false.")]
    [InlineData("search.temprature=2", "--set search.temprature=2: unknown key 'temprature' in search. Did you mean temperature?")]
    [InlineData("search.temperature=hot", "--set search.temperature=hot: search.temperature: found 'hot', expected a number above 0")]
    [InlineData("store.top_k=0", "--set store.top_k=0: store.top_k: '0' is not allowed")]
    [InlineData("train.lora.targets=[head]", "--set train.lora.targets=[head]: train.lora.targets[0]: found 'head'")]
    [InlineData("mesh.expert=2", "--set mesh.expert=2: mesh.expert: 2 does not divide mesh.data (1)")]
    [InlineData("search.temperature", "--set search.temperature: expected KEY=VALUE")]
    [InlineData("=2", "--set =2: expected KEY=VALUE")]
    [InlineData("search.scores.init=", "--set search.scores.init=: search.scores.init: no value")]
    [InlineData("seed=[", "--set seed=[: the value is not valid YAML")]
    public void Load_WrongOverride_NamesTheOverride(string change, string expected) =>
        Assert.StartsWith(expected, MessageOf(Minimal, change), StringComparison.Ordinal);

    [Fact]
    public void Load_Root_IsRelativeToTheRecipe()
    {
        Recipe recipe = Load("root: sub\n" + Minimal);

        Assert.Equal(Path.Combine(_folder.Path, "sub"), recipe.Root);
        Assert.Equal(Path.Combine(_folder.Path, "sub", "models", "small"), recipe.ResolvePath(recipe.Model.Teacher));
    }

    [Fact]
    public void Load_NoRoot_IsTheFolderOfTheSolution()
    {
        _folder.File("E3Scale.sln", "");
        string path = _folder.File("cluster/recipes/r.yaml", Minimal);

        Assert.Equal(_folder.Path, RecipeLoader.Load(path, []).Root);
    }

    private Recipe Load(string text, params string[] changes) => RecipeLoader.Load(_folder.File("recipe.yaml", text), changes);

    private string MessageOf(string text, params string[] changes) => Assert.Throws<RecipeException>(() => Load(text, changes)).Message;
}
