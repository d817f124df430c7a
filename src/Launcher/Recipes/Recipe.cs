using System.ComponentModel.DataAnnotations;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Distillation;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Recipes;

/// <summary>Everything a run depends on. cluster/recipes/tiny-r1.yaml explains every field where it is set.</summary>
public sealed record Recipe
{
    /// <summary>Name of the run, for logs and the report.</summary>
    [Required]
    public string Name { get; init; } = "";

    /// <summary>Folder that relative paths start from; itself relative to the recipe's folder. Absolute once a recipe is loaded.</summary>
    /// <remarks>Default: the nearest folder above the recipe that holds E3Scale.sln, otherwise the current folder.</remarks>
    public string Root { get; init; } = "";

    /// <summary>Seed of every random draw.</summary>
    [Range(0.0, long.MaxValue)]
    public long Seed { get; init; } = 1;

    /// <summary>What ranks compute on. The ranks of a machine share its GPUs out.</summary>
    public DeviceKind Device { get; init; } = DeviceKind.Auto;

    /// <summary>How tensors on a GPU travel between ranks.</summary>
    public MessagePath DeviceMessages { get; init; } = MessagePath.Auto;

    /// <summary>The teacher.</summary>
    [Required]
    public ModelSection Model { get; init; } = new();

    /// <summary>Training and held-out text.</summary>
    [Required]
    public CorpusSection Corpus { get; init; } = new();

    /// <summary>How ranks share the work.</summary>
    public MeshSection Mesh { get; init; } = new();

    /// <summary>The teacher's logits on disk.</summary>
    public StoreSection Store { get; init; } = new();

    /// <summary>Leave-one-out KL.</summary>
    public ImportanceSection Importance { get; init; } = new();

    /// <summary>Which layers stay.</summary>
    public SearchSection Search { get; init; } = new();

    /// <summary>What makes up for the dropped layers before the recovery.</summary>
    public CompensationMethod Compensation { get; init; } = CompensationMethod.None;

    /// <summary>How the pruned model is trained once its layers are chosen, whatever chose them.</summary>
    public RecoveryMethod Recovery { get; init; } = RecoveryMethod.AdaptiveKd;

    /// <summary>Optimiser of search and recovery.</summary>
    public TrainSection Train { get; init; } = new();

    /// <summary>The distillation loss.</summary>
    public KdSection Kd { get; init; } = new();

    /// <summary>How often the training state is saved.</summary>
    public CheckpointSection Checkpoint { get; init; } = new();

    /// <summary>The student's folder.</summary>
    public ExportSection Export { get; init; } = new();

    /// <summary>What models are measured on.</summary>
    public EvaluateSection Evaluate { get; init; } = new();

    /// <summary>What happens when a job dies.</summary>
    public RestartSection Restart { get; init; } = new();

    /// <summary>Making a small model from scratch; only the pretrain command reads it.</summary>
    public PretrainSection? Pretrain { get; init; }

    /// <summary>Optimizer steps of the search: the rounded share of <see cref="TrainSection.Steps"/>, at least 1.</summary>
    [RecipeIgnore]
    public int SearchSteps => Math.Max(1, (int)Math.Round(Search.Fraction * Train.Steps));

    /// <summary>A path of the recipe as an absolute path.</summary>
    /// <param name="path">A path as the recipe writes it.</param>
    public string ResolvePath(string path) => Path.GetFullPath(path, Root);
}
