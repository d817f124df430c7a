using System.Text.Json.Nodes;
using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Methods.ShearedLlama;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Tests.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;

namespace E3Scale.Pruner.Tests.Methods.ShearedLlama;

public sealed class HardConcreteLearnerTests : IDisposable
{
    private const int Layers = 8, Keep = 5, Steps = 40, MicroBatches = 4;

    // What the loss gains by keeping each layer.
    private static readonly double[] s_worth = [1, 0.8, 0.01, 0.6, 0.02, 0.7, 0.03, 1];

    private readonly Mesh _mesh = OneRank.Mesh();

    [Fact]
    public void TargetAt_Steps_GrowsOverTheWarmupOnly()
    {
        HardConcreteLearner learner = Learner();

        Assert.Equal(0, learner.TargetAt(0));
        Assert.Equal(3.0 / 8 / 2, learner.TargetAt(4), 1e-12); // the warm-up takes 8 of 40 steps
        Assert.Equal(3.0 / 8, learner.TargetAt(8), 1e-12);
        Assert.Equal(3.0 / 8, learner.TargetAt(Steps - 1), 1e-12);
    }

    [Fact]
    public void Update_FirstStep_IsOneStepOfAdamDownAndUp()
    {
        HardConcreteLearner learner = Learner();
        Step(learner, step: 8);

        // Adam's first step is its learning rate against the sign of the gradient: gates have none but the loss's, which is clipped or negative.
        Assert.All(learner.LogAlpha, logAlpha => Assert.Equal(HardConcrete.LargestLogAlpha, logAlpha, 1e-6));
        // Hardly a gate is closed, three are to be: s - t < 0, so the first multiplier falls, the second rises.
        Assert.Equal([-1, 1], learner.Multipliers.Select(value => Math.Round(value, 6)));
    }

    [Fact]
    public void Update_ManySteps_ClosesTheLayersOfLeastWorth()
    {
        HardConcreteLearner learner = Learner();
        for (int step = 0; step < Steps; step++)
            Step(learner, step);

        Assert.Equal([true, true, false, true, false, true, false, true], learner.KeptNow(Steps - 1));
        Assert.Equal(3.0 / 8, learner.Sparsity, 0.1);
        Assert.Equal((1, 1), (learner.Scores[0], learner.Scores[^1])); // protected
    }

    [Fact]
    public void Begin_Masks_AreSoftAndTheSameForOneSeedAndStep()
    {
        using MaskStep first = Learner().Begin(3), again = Learner().Begin(3), later = Learner().Begin(4);

        Assert.All(first.Gates, gate => Assert.True(gate.IsSoft));
        Assert.Equal(first.Draws.SelectMany(draw => draw.Gates), again.Draws.SelectMany(draw => draw.Gates));
        Assert.NotEqual(first.Draws.SelectMany(draw => draw.Gates), later.Draws.SelectMany(draw => draw.Gates));
    }

    [Fact]
    public void Restore_AfterAKill_GoesOnWithTheSameBits()
    {
        HardConcreteLearner straight = Learner(), killed = Learner(), resumed = Learner();
        for (int step = 0; step < Steps / 2; step++)
        {
            Step(straight, step);
            Step(killed, step);
        }
        resumed.Restore(JsonNode.Parse(killed.Save().ToJsonString())!.AsObject());
        for (int step = Steps / 2; step < Steps; step++)
        {
            Step(straight, step);
            Step(resumed, step);
        }

        Assert.Equal(straight.LogAlpha, resumed.LogAlpha);
        Assert.Equal(straight.Multipliers, resumed.Multipliers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // adapters: the frozen weights cannot take the gates up
    public void Complete_KeptLayers_HaveTheirGatesInTheWeights(bool hasAdapters)
    {
        using TestFolder folder = new();
        SmallModel.Write(folder["model"], SmallModel.DeepSeek(Layers));
        using var checkpoint = HuggingFaceCheckpoint.Open(folder["model"]);
        using var model = ShardedModel.Load(checkpoint, _mesh, context: 16);
        HardConcreteLearner learner = Learner(hasAdapters ? new LoraOptions { Rank = 2 } : null);
        for (int step = 0; step < Steps; step++)
            Step(learner, step);
        if (hasAdapters)
            model.Decoder.AddAdapters(new LoraOptions { Rank = 2 }, (_, draws) => draws.Span.Clear());
        else
            model.Decoder.TrainEverything();
        using var optimizer = new MeshOptimizer(model.Decoder, _mesh, new OptimizerOptions());
        var before = model.Decoder.Parameters.All.ToDictionary(parameter => parameter, parameter => SmallModel.Values(parameter.Value));
        learner.Complete(model, optimizer, new FakeJudge(_ => 0));

        bool[] kept = learner.KeptNow(Steps - 1);
        Assert.Contains(learner.Scores.Where((_, layer) => kept[layer]), gate => gate < 1);
        foreach (var layer in model.Decoder.Layers)
        {
            var outputs = layer.OutputParameters().ToHashSet();
            float gate = kept[layer.Index] && !hasAdapters ? (float)learner.Scores[layer.Index] : 1;
            foreach (var (parameter, values) in before.Where(pair => pair.Key.Layer == layer.Index))
                Assert.Equal(values.Select(value => outputs.Contains(parameter) ? (float)value * gate : (float)value), SmallModel.Values(parameter.Value).Select(value => (float)value));
        }
    }

    public void Dispose() => _mesh.Dispose();

    /// <summary>A step whose loss is minus the worth of every layer times its gate.</summary>
    private static void Step(HardConcreteLearner learner, int step)
    {
        using MaskStep masks = learner.Begin(step);
        foreach (var gate in masks.Gates)
            for (int layer = 0; layer < Layers; layer++)
                using (var loss = gate.Masks![layer] * (-s_worth[layer] / MicroBatches))
                    loss.backward();
        Assert.True(learner.Reduce(masks));
        learner.Update();
    }

    private HardConcreteLearner Learner(LoraOptions? lora = null)
    {
        TrainOptions train = new() { BatchSequences = 8, MicroBatchSequences = 2, Lora = lora };
        ShearedLlamaOptions options = new()
        {
            TeacherFolder = "", CorpusFile = "", StoreFolder = "", OutputFolder = "", Train = train, Steps = Steps, KeepLayers = Keep, DrawsPerStep = MicroBatches,
        };
        return new HardConcreteLearner(options, Layers, [0, Layers - 1], _mesh, new BatchPlan(new SequenceOrder(100, 1), train, _mesh));
    }
}
