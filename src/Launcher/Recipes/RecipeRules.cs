using E3Scale.Data.Chat;
using E3Scale.Evaluation.Tasks;
using E3Scale.MoE;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Export;
using E3Scale.Pruner.Methods.DarwinLm;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Recipes;

/// <summary>What the fields of a recipe must satisfy together.</summary>
internal static class RecipeRules
{
    /// <exception cref="RecipeException">Two fields contradict each other.</exception>
    public static void Check(Recipe recipe, RecipeBinder binder)
    {
        CheckCorpus(recipe.Corpus, binder);
        CheckMesh(recipe, binder);
        CheckExperts(recipe, binder);
        CheckUnits(recipe, binder);
        CheckSearch(recipe.Search, binder);
        CheckTrain(recipe.Train, binder);
        if (recipe is { Compensation: CompensationMethod.LinearPatch, Export.Patch: PatchExport.Refuse })
            throw binder.Error("export.patch",
                "refuse, but compensation is linear-patch, whose patches no other loader knows; set it to side-file (patch.safetensors beside the weights) " +
                "or scalar (their scalar part, folded into the weights).", "compensation");
        CheckMerging(recipe, binder);
        if (recipe.Kd is { EntropyOf: EntropyOwner.Student, Weight: TokenWeighting.EntropyOverMean })
            throw binder.Error("kd.weight",
                "h/mean, but kd.entropy_of is student; the mean over a batch is known beforehand of the teacher's stored entropies only.", "kd.entropy_of");
        CheckTasks(recipe, binder);
        if (recipe.Evaluate.ArithmeticItems > recipe.Corpus.ArithmeticHeldoutItems)
            throw binder.Error("evaluate.arithmetic_items",
                $"{recipe.Evaluate.ArithmeticItems}, but corpus.arithmetic_heldout_items is {recipe.Corpus.ArithmeticHeldoutItems}.",
                "corpus.arithmetic_heldout_items");
        CheckChain(recipe.Evaluate.Chain, binder);
    }

    private static void CheckMerging(Recipe recipe, RecipeBinder binder)
    {
        if (recipe.Search.Method == PruningMethod.Come && recipe.Compensation != CompensationMethod.Concatenate)
            throw binder.Error("compensation",
                $"{EnumNames.Of(recipe.Compensation)}, but search.method is come, which chooses layers to merge, not to leave out; set it to concatenate.",
                "search.method");
        if (recipe.Compensation != CompensationMethod.Concatenate)
            return;
        if (recipe.Search.Method.Trains())
            throw binder.Error("compensation",
                $"concatenate, but search.method is {EnumNames.Of(recipe.Search.Method)}, which trains the weights while it chooses; layers of the teacher " +
                "are merged, so take a method that trains nothing.", "search.method");
        if (recipe.Train is { Adapter: Adapter.Lora, Lora.BaseDtype: FrozenStorage.Fp8 })
            throw binder.Error("train.lora.base_dtype",
                "fp8, but compensation is concatenate, which cuts matrices into channels and FP8 blocks cannot be; set it to same or bfloat16.", "compensation");
    }

    private static void CheckCorpus(CorpusSection corpus, RecipeBinder binder)
    {
        if (corpus.Paths.Count == 0 && corpus.ArithmeticShare == 0)
            throw binder.Error("corpus.paths", "no text to train on; name at least one file or folder.");
        if (corpus.Paths.Intersect(corpus.Heldout).FirstOrDefault() is { } shared)
            throw binder.Error("corpus.heldout", $"{shared} is also in corpus.paths; held-out text must not be trained on.");
        if (corpus.ChatTemplate is { } name && !ChatFormat.Names.Contains(name))
            throw binder.Error("corpus.chat_template", $"{name}, expected one of {string.Join(", ", ChatFormat.Names)}.");
    }

    private static void CheckMesh(Recipe recipe, RecipeBinder binder)
    {
        MeshSection mesh = recipe.Mesh;
        if (mesh.Data % mesh.Expert != 0)
            throw binder.Error("mesh.expert",
                $"{mesh.Expert} does not divide mesh.data ({mesh.Data}); expert groups are slices of the data axis.", "mesh.data");
        if (recipe.Train.BatchSequences % mesh.Data != 0)
            throw binder.Error("train.batch_sequences",
                $"{recipe.Train.BatchSequences} is not a multiple of mesh.data ({mesh.Data}).", "mesh.data");
        if (recipe.Train.BatchSequences / mesh.Data % recipe.Train.MicroBatchSequences != 0)
            throw binder.Error("train.micro_batch_sequences",
                $"{recipe.Train.MicroBatchSequences} does not divide the {recipe.Train.BatchSequences / mesh.Data} sequences of one rank " +
                "(train.batch_sequences / mesh.data).", "train.batch_sequences", "mesh.data");
    }

    private static void CheckExperts(Recipe recipe, RecipeBinder binder)
    {
        MeshSection mesh = recipe.Mesh;
        if (mesh.ExpertPlacement == ExpertPlacementKind.Contiguous && mesh.ExpertReplicas > 0)
            throw binder.Error("mesh.expert_replicas",
                $"{mesh.ExpertReplicas}, but mesh.expert_placement is contiguous; copies are planned by load, so set it to balanced.", "mesh.expert_placement");
        if (mesh.ExpertPlacement == ExpertPlacementKind.Contiguous && mesh.ExpertLoad is not null)
            throw binder.Error("mesh.expert_load", "given, but mesh.expert_placement is contiguous; set it to balanced.", "mesh.expert_placement");
        if (mesh.ExpertLoad is { } file && !File.Exists(recipe.ResolvePath(file)))
            throw binder.Error("mesh.expert_load", $"{recipe.ResolvePath(file)} does not exist; name the expert-load.json of an earlier capture, or leave it out.");
    }

    private static void CheckUnits(Recipe recipe, RecipeBinder binder)
    {
        if (recipe.Search.Units == PruningUnits.Layers)
            return;
        if (recipe.Search.Method != PruningMethod.E3Pruner)
            throw binder.Error("search.units",
                $"branches, but search.method is {EnumNames.Of(recipe.Search.Method)}, which drops whole layers; only e3-pruner drops branches.", "search.method");
        if (recipe.Compensation != CompensationMethod.None)
            throw binder.Error("compensation",
                $"{EnumNames.Of(recipe.Compensation)}, but search.units is branches; compensations stand in for whole layers, so set one of the two otherwise.",
                "search.units");
    }

    private static void CheckSearch(SearchSection search, RecipeBinder binder)
    {
        if (search.Budget != PruningBudget.Layers)
        {
            CheckShareBudget(search, binder);
            return;
        }
        if (search.DropShare is not null)
            throw binder.Error("search.drop_share", "given, but search.budget is layers; set it to parameters or latency, or give drop_layers.", "search.budget");
        if (search.DropLayers is null == search.KeepLayers is null)
            throw binder.Error("search", "give exactly one of drop_layers and keep_layers (--set search.drop_layers=null takes one away).");
        int selections = new DarwinLmOptions().Survivors.Count;
        if (search.Darwin.TrainTokens.Count > 0 && (search.Darwin.TrainTokens.Count != selections || search.Darwin.TrainTokens.Any(tokens => tokens < 0)))
            throw binder.Error("search.darwin.train_tokens",
                $"[{string.Join(", ", search.Darwin.TrainTokens)}], expected {selections} numbers of at least 0, one for each selection of a generation, or none.");
    }

    private static void CheckShareBudget(SearchSection search, RecipeBinder binder)
    {
        string budget = EnumNames.Of(search.Budget);
        if (search.DropShare is null)
            throw binder.Error("search.drop_share", $"missing, but search.budget is {budget}; give the share of it that goes.", "search.budget");
        if (search.DropLayers is not null || search.KeepLayers is not null)
            throw binder.Error("search.budget",
                $"{budget}, but a number of layers is given too (--set search.drop_layers=null takes it away).", "search.drop_layers", "search.keep_layers");
        if (search.Method != PruningMethod.E3Pruner)
            throw binder.Error("search.budget",
                $"{budget}, but search.method is {EnumNames.Of(search.Method)}, which counts layers; only e3-pruner weighs them.", "search.method");
    }

    private static void CheckTasks(Recipe recipe, RecipeBinder binder)
    {
        EvaluateSection evaluate = recipe.Evaluate;
        if (evaluate.Tasks.FirstOrDefault(name => !TaskCatalog.Names.Contains(name)) is { } unknown)
            throw binder.Error("evaluate.tasks", $"{unknown}, expected some of {string.Join(", ", TaskCatalog.Names)}.");
        if (evaluate.Tasks.Count > 0 && evaluate.TasksDir is null)
            throw binder.Error("evaluate.tasks_dir", "not given; name the folder with the files of evaluate.tasks.", "evaluate.tasks");
        if (evaluate.Tasks.Count > 0 && !Directory.Exists(recipe.ResolvePath(evaluate.TasksDir!)))
            throw binder.Error("evaluate.tasks_dir", $"{recipe.ResolvePath(evaluate.TasksDir!)} is no folder; name the one with the tasks' files.");
        if (evaluate.TaskChatTemplate is { } name && !ChatFormat.Names.Contains(name))
            throw binder.Error("evaluate.task_chat_template", $"{name}, expected one of {string.Join(", ", ChatFormat.Names)}.");
    }

    private static void CheckChain(ChainSection chain, RecipeBinder binder)
    {
        const int LongestChain = 1000;
        bool isAscending = chain.Lengths.SequenceEqual(chain.Lengths.Order().Distinct());
        if (chain.Lengths.Count == 0 || chain.Lengths.Any(steps => steps is < 1 or > LongestChain) || !isAscending)
            throw binder.Error("evaluate.chain.lengths",
                $"[{string.Join(", ", chain.Lengths)}], expected different numbers of steps from 1 to {LongestChain}, ascending.");
        if (chain is { ItemsPerLength: 0, Samples: > 0 })
            throw binder.Error("evaluate.chain.samples",
                $"{chain.Samples}, but evaluate.chain.items_per_length is 0, so there are no problems to answer.", "evaluate.chain.items_per_length");
    }

    private static void CheckTrain(TrainSection train, RecipeBinder binder)
    {
        if (train.WarmupSteps > train.Steps)
            throw binder.Error("train.warmup_steps", $"{train.WarmupSteps} is more than train.steps ({train.Steps}).", "train.steps");
        if (train.MinLearningRate > train.LearningRate)
            throw binder.Error("train.min_learning_rate", $"{train.MinLearningRate} is above train.learning_rate ({train.LearningRate}).",
                "train.learning_rate");
        if (train.Adapter == Adapter.Lora && train.Lora.Targets.Count == 0)
            throw binder.Error("train.lora.targets", "empty, so nothing would be trained.", "train.adapter");
    }
}
