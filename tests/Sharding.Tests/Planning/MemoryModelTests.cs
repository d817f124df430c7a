using E3Scale.MoE;
using E3Scale.Sharding.Planning;
using TorchSharp;

namespace E3Scale.Sharding.Tests.Planning;

public class MemoryModelTests
{
    // A layer: 4 projections of 8 x 8, 3 of 8 x 16, 2 norms of 8.
    private const int Layer = 4 * 64 + 3 * 128 + 16;
    private const int Ends = 32 * 8;

    [Fact]
    public void OfStages_OneRankTrainingEverything_CountsEveryVector()
    {
        RankMemory memory = Assert.Single(Of(TinyPlan.Dense, TinyPlan.Workload, MeshShape.OneRank));

        const int Parameters = 2 * Layer + 2 * Ends + 8;
        Assert.Equal(4 * Parameters, memory.Weights.Values.Sum());
        Assert.Equal(4 * 2 * 4 * 64, memory.Weights[WeightKind.Attention]);
        Assert.Equal(4 * 2 * 3 * 128, memory.Weights[WeightKind.DenseMlp]);
        Assert.Equal(4 * Parameters, memory.Gradients);
        Assert.Equal(0, memory.MasterWeights);
        Assert.Equal(8 * Parameters, memory.Moments);
        Assert.Equal(0, memory.Messages);
        Assert.Equal(0, memory.Adapters);
    }

    [Fact]
    public void OfStages_DenseLayer_KeepsTheActivationsCountedByHand()
    {
        // Per position: two norms keep input, normalised input and output of 8; attention keeps queries, keys, values and result of 8 and
        // 2 x 10 probabilities; the MLP keeps gate, up and product of 16. The end: norm 3 x 8, and 3 logits.
        const int Kept = 2 * 24 + 4 * 8 + 20 + 3 * 16, End = 24 + 3;

        RankMemory memory = Assert.Single(Of(TinyPlan.Dense, TinyPlan.Workload, MeshShape.OneRank));

        Assert.Equal(4 * 10 * (2 * Kept + End), memory.Activations);
    }

    [Fact]
    public void OfStages_TwoStages_HoldAsManyMicroBatchesAsTheScheduleSays()
    {
        const int Kept = 2 * 24 + 4 * 8 + 20 + 3 * 16, End = 24 + 3;

        var memory = Of(TinyPlan.Dense, TinyPlan.Workload, new MeshShape(2, 1, 1));

        Assert.Equal(2 * 4 * 10 * Kept, memory[0].Activations);
        Assert.Equal(4 * 10 * (Kept + End), memory[1].Activations);
        Assert.Equal(4 * Ends, memory[0].Weights[WeightKind.Embedding]);
        Assert.Equal(0, memory[0].Weights[WeightKind.Head]);
        Assert.Equal(4 * Ends, memory[1].Weights[WeightKind.Head]);
    }

    [Fact]
    public void OfStages_Recomputation_KeepsOneResidualStreamPerLayer()
    {
        RankMemory memory = Assert.Single(Of(TinyPlan.Dense, TinyPlan.Workload with { Recompute = true }, MeshShape.OneRank));

        Assert.Equal(4 * 10 * (2 * 8 + 24 + 3), memory.Activations);
    }

    [Fact]
    public void OfStages_TwoDataRanks_ShareStatesOnlyWithZero()
    {
        const int Parameters = 2 * Layer + 2 * Ends + 8;

        var workload = TinyPlan.Workload with { DType = torch.ScalarType.BFloat16 };
        RankMemory shared = Of(TinyPlan.Dense, workload, new MeshShape(1, 1, 2))[0];
        RankMemory whole = Of(TinyPlan.Dense, workload with { ShardsStates = false }, new MeshShape(1, 1, 2))[0];

        Assert.Equal((2 * Parameters, 4 * Parameters), (shared.MasterWeights, shared.Moments));
        Assert.Equal((4 * Parameters, 8 * Parameters), (whole.MasterWeights, whole.Moments));
        Assert.Equal(6 * Parameters, shared.Gradients);
    }

    [Fact]
    public void OfStages_ExpertAxis_DividesRoutedExpertsOnly()
    {
        var one = Of(TinyPlan.Experts, TinyPlan.Workload, new MeshShape(1, 1, 2))[0];
        var two = Of(TinyPlan.Experts, TinyPlan.Workload, new MeshShape(1, 2, 2))[0];

        Assert.Equal(4 * 4 * 3 * 64, one.Weights[WeightKind.RoutedExperts]);
        Assert.Equal(one.Weights[WeightKind.RoutedExperts] / 2, two.Weights[WeightKind.RoutedExperts]);
        Assert.Equal(one.Weights[WeightKind.SharedExperts], two.Weights[WeightKind.SharedExperts]);
        Assert.Equal(one.Weights[WeightKind.Router], two.Weights[WeightKind.Router]);
    }

    [Fact]
    public void OfStages_AdaptersOnFp8_TrainOnlyTheAdapters()
    {
        var workload = TinyPlan.Workload with
        {
            DType = torch.ScalarType.BFloat16,
            Frozen = FrozenStorage.Fp8,
            Lora = new LoraOptions { Rank = 2, Targets = LoraTargets.Attention },
        };

        RankMemory memory = Assert.Single(Of(TinyPlan.Dense, workload, MeshShape.OneRank));

        // 2 layers, 4 projections, rank 2 x (8 + 8).
        const int Adapters = 2 * 4 * 2 * 16;
        Assert.Equal(2 * Adapters, memory.Adapters);
        Assert.Equal(4 * Adapters, memory.MasterWeights);
        Assert.Equal(8 * Adapters, memory.Moments);
        Assert.Equal(2 * 4 * 64, memory.Weights[WeightKind.Attention]);
        Assert.Equal(2 * Ends, memory.Weights[WeightKind.Embedding]);
    }

    private static IReadOnlyList<RankMemory> Of(DecoderConfig config, PlanWorkload workload, MeshShape shape) =>
        new MemoryModel(config, TinyPlan.Cluster, workload).OfStages(shape, LayerPartition.Of(config, shape.Pipeline, workload.SequenceLength));
}
