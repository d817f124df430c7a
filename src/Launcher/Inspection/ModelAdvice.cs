using E3Scale.Launcher.Recipes;
using E3Scale.MoE;
using E3Scale.Sharding.Planning;
using TorchSharp;

namespace E3Scale.Launcher.Inspection;

/// <summary>What E3Scale would do with a model.</summary>
internal sealed record ModelAdvice
{
    // A machine with eight of the largest accelerators in use has about this much; E3-Pruner trains what fits in full, DeepSeek-R1 with adapters.
    private const long MachineBytes = 1_128_000_000_000;

    // Master weight and two moments of AdamW, and the gradient, all float32.
    private const int StateBytesPerTrainable = 16;

    /// <summary>Layers that the search may drop by default: all but the first and the last.</summary>
    public required IReadOnlyList<int> Candidates { get; init; }

    /// <summary>Whether weights are stored in FP8 and widened when they are loaded.</summary>
    public required bool Dequantizes { get; init; }

    /// <summary>train.adapter to begin with.</summary>
    public required Adapter Adapter { get; init; }

    /// <summary>Bytes of the weights in memory, over all ranks, by type; fp8 has the matrices of the layers in FP8 and the rest in bfloat16.</summary>
    public required IReadOnlyDictionary<string, long> WeightBytes { get; init; }

    /// <summary>Bytes of weights, gradients and optimiser states when every weight is trained in bfloat16, over all ranks.</summary>
    public required long FullTrainingBytes { get; init; }

    /// <summary>The same with adapters of the default rank and targets on bfloat16 weights.</summary>
    public required long LoraTrainingBytes { get; init; }

    /// <summary>Commands that come next.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>Advice for a model.</summary>
    /// <param name="model">Its config.</param>
    /// <param name="weights">Its files, or null.</param>
    public static ModelAdvice For(ArchitectureConfig model, CheckpointInventory? weights)
    {
        DecoderConfig config = model.Config;
        PlanWorkload whole = new() { DType = torch.ScalarType.BFloat16 }, adapted = whole with { Lora = new LoraOptions() };
        ParameterCounts counts = ParameterCounts.Of(config, DecoderPart.Whole(config), adapted);
        long parameters = counts.Weights, fullBytes = Memory(counts, whole) + StateBytesPerTrainable * parameters;
        Adapter adapter = fullBytes > MachineBytes ? Adapter.Lora : Adapter.Full;
        return new ModelAdvice
        {
            Candidates = [.. Enumerable.Range(1, Math.Max(0, config.LayerCount - 2))],
            Dequantizes = weights?.Fp8Blocks is not null,
            Adapter = adapter,
            WeightBytes = new Dictionary<string, long>
            {
                ["float32"] = sizeof(float) * parameters,
                ["bfloat16"] = Memory(counts, whole),
                ["fp8"] = Memory(counts, adapted with { Frozen = FrozenStorage.Fp8 }),
            },
            FullTrainingBytes = fullBytes,
            LoraTrainingBytes = Memory(counts, whole) + (2 + StateBytesPerTrainable) * counts.Adapters,
            Commands = [.. NextCommands(Path.GetDirectoryName(Path.GetFullPath(model.Path))!, weights, adapter)],
        };
    }

    private static long Memory(ParameterCounts counts, PlanWorkload workload) =>
        Enum.GetValues<WeightKind>().Sum(kind => (long)(counts[kind] * workload.BytesPerWeight(kind)));

    private static IEnumerable<string> NextCommands(string folder, CheckpointInventory? weights, Adapter adapter)
    {
        yield return $"e3scale plan --model {folder} --cluster cluster/plans/h200-8x8.yaml";
        if (weights is not { IsComplete: true })
            yield break;
        yield return $"e3scale run --recipe RECIPE.yaml --run-dir RUN --set model.teacher={folder} --set train.adapter={EnumNames.Of(adapter)}";
        yield return $"e3scale export --model {folder} --output OUT --drop-layers LAYERS";
    }
}
