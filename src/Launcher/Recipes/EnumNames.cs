using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Recipes;

/// <summary>How recipes write enumeration values: AbcDef is abc-def, except where the field has a shorter name in use.</summary>
internal static class EnumNames
{
    private static readonly Dictionary<Enum, string> Exceptions = new()
    {
        [ComputeType.Fp32] = "float32",
        [ComputeType.Bf16] = "bfloat16",
        [FrozenStorage.BFloat16] = "bfloat16",
        [WeightFormat.Fp32] = "float32",
        [WeightFormat.Bf16] = "bfloat16",
        [ImportanceMeasure.BlockInfluence] = "bi",
        [ImportanceMeasure.GreedyKl] = "kl-greedy",
        [ImportanceMeasure.ByDamage] = "by-damage",
        [ObjectiveKind.CrossEntropy] = "ce",
        [PipelineScheduleKind.OneForwardOneBackward] = "1f1b",
        [DistillationForm.TopKRenormalised] = "topk-renorm",
        [DistillationForm.TeacherRenormalised] = "teacher-renorm",
        [EntropySource.TopK] = "topk",
        [TokenWeighting.Entropy] = "h",
        [TokenWeighting.EntropyOverMean] = "h/mean",
        [TokenWeighting.FloorPlusEntropy] = "floor+h",
        [PruningMethod.ShortGpt] = "shortgpt",
        [PruningMethod.ShortGptIterative] = "shortgpt-iterative",
        [PruningMethod.DarwinLm] = "darwinlm",
        [LoraTargets.DenseMlp] = "dense_mlp",
        [LoraTargets.SharedExperts] = "shared_experts",
        [LoraTargets.RoutedExperts] = "routed_experts",
    };

    /// <summary>The name of a value.</summary>
    public static string Of(Enum value) => Exceptions.GetValueOrDefault(value) ?? RecipeSchema.Separate(value.ToString(), '-');

    /// <summary>The values of an enumeration by their names. Flags are written as lists, so their "none" is the empty list.</summary>
    public static IReadOnlyDictionary<string, Enum> ValuesOf(Type type) => Enum.GetValues(type)
        .Cast<Enum>()
        .Where(value => !type.IsDefined(typeof(FlagsAttribute), inherit: false) || Convert.ToInt64(value) != 0)
        .ToDictionary(Of);
}
