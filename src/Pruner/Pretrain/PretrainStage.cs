using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using E3Scale.Data.Corpora;
using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Export;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Pretrain;

/// <summary>What pretraining came to.</summary>
public sealed record PretrainResult
{
    /// <summary>Mean next-token loss on the held-out corpus, nats.</summary>
    [JsonPropertyName("heldout_loss")]
    public required double HeldOutLoss { get; init; }

    /// <summary>Parameters of the model.</summary>
    [JsonPropertyName("parameters")]
    public required long Parameters { get; init; }

    /// <summary>Positions it was trained on.</summary>
    [JsonPropertyName("tokens")]
    public required long Tokens { get; init; }

    /// <summary>Steps without effect, because loss or gradient was not finite.</summary>
    [JsonPropertyName("skipped_steps")]
    public required long SkippedSteps { get; init; }

    /// <summary>For each MoE layer, the share of routed rows that each expert got over the last tenth of the steps.</summary>
    [JsonPropertyName("expert_load")]
    public required SortedDictionary<int, double[]> ExpertLoad { get; init; }
}

/// <summary>Trains a model from random weights, with DeepSeek-V3's bias balancing of the routers, and writes it as a Hugging Face folder.</summary>
public sealed class PretrainStage
{
    private readonly PretrainOptions _options;
    private readonly StageEnvironment _environment;

    /// <summary>Prepares the stage.</summary>
    /// <param name="options">What to train.</param>
    /// <param name="environment">Ranks and progress.</param>
    public PretrainStage(PretrainOptions options, StageEnvironment environment)
    {
        (_options, _environment) = (options, environment);
    }

    /// <summary>Trains, from the newest checkpoint if there is one, and writes the model. Collective over the world.</summary>
    public PretrainResult Run()
    {
        using var mesh = new Mesh(_environment.World, _environment.Shape, _environment.Device);
        using var corpus = PackedCorpus.Open(_options.CorpusFile);
        using var heldOut = PackedCorpus.Open(_options.HeldOutFile);
        var (config, family) = ModelFamilies.ReadConfig(_options.ConfigFolder);
        var weights = new RandomWeights(_options.Train.Seed, _options.InitialDeviation, family.Names, config.LayerCount);
        using var model = ShardedModel.Create(config, family.Names, weights, mesh, corpus.SequenceLength, _options.Train.DType);
        using var objective = new CrossEntropyObjective(corpus);
        using var trainer = new StudentTrainer(model, corpus, _options.Train, objective);
        var balancer = new RouterBalancer(model, _options.BiasUpdateSpeed);
        using var checkpoints = new TrainCheckpoint(Path.Combine(_options.WorkFolder, "checkpoints"), mesh);
        int start = checkpoints.FindNewest() ?? 0;
        if (start > 0)
            RestoreBiases(model, checkpoints.Load(start, trainer.Optimizer));

        using var metrics = _environment.IsRoot ? new MetricsLog(Path.Combine(_options.WorkFolder, "metrics.jsonl"), start) : null;
        using var evaluations = _environment.IsRoot ? new MetricsLog(Path.Combine(_options.WorkFolder, "heldout.jsonl"), start) : null;
        double? heldOutLoss = null;
        new TrainLoop(_environment, _options.Train, trainer.Optimizer, checkpoints).Run(
            "pretrain", 0, start, _options.Steps, RunStep, _ => SaveBiases(model));
        Export(model, config);
        var summary = new PretrainResult
        {
            HeldOutLoss = heldOutLoss ?? HeldOutLoss(model, heldOut),
            Parameters = model.CountParameters(),
            Tokens = (long)_options.Steps * trainer.Plan.BatchSequences * corpus.SequenceLength,
            SkippedSteps = trainer.Optimizer.Skipped.Total,
            ExpertLoad = GatherLoad(model, balancer),
        };
        if (_environment.IsRoot)
            JsonFile.Write(Path.Combine(_options.WorkFolder, "pretrain.json"), summary);
        mesh.World.Barrier();
        return summary;

        string RunStep(int step)
        {
            if (step == _options.Steps - Math.Max(1, _options.Steps / 10))
                balancer.ClearTotals();
            var result = trainer.Step(step);
            if (result.Applied)
                balancer.Update();
            else
                balancer.Discard();
            metrics?.Write(step, result);
            bool last = step + 1 == _options.Steps;
            if (last || (step + 1) % _options.HeldOutEverySteps == 0)
            {
                heldOutLoss = HeldOutLoss(model, heldOut);
                balancer.Discard();
                evaluations?.Write(new { step, heldout_loss = heldOutLoss });
            }
            return $"loss {result.Loss:F4}" + (heldOutLoss is null ? "" : $", held out {heldOutLoss:F4}");
        }
    }

    private double HeldOutLoss(ShardedModel model, PackedCorpus heldOut)
    {
        double sum = 0;
        long count = 0;
        long[] sequences = [.. Enumerable.Range(0, (int)heldOut.SequenceCount).Select(i => (long)i)];
        ForwardPass.Run(model, heldOut, ForwardPass.Deal(sequences, _options.Train.MicroBatchSequences, model.Mesh), (batch, logits_NV) =>
        {
            var (loss, positions) = NextTokenLoss.Sum(
                TensorMemory.AsSpan<float>(logits_NV), TokenBatch.Labels(heldOut, batch), model.Config.VocabularySize);
            sum += loss;
            count += positions;
        });
        return model.Mesh.World.AllReduceScalar(sum, ReduceOperation.Sum) / model.Mesh.World.AllReduceScalar(count, ReduceOperation.Sum);
    }

    /// <summary>[layers, experts] of all stages: each rank fills its own layers, one data rank counts.</summary>
    private static double[] GatherPerExpert(ShardedModel model, Func<DecoderLayer, double[]?> values)
    {
        int experts = model.Config.Moe?.RoutedExpertCount ?? 0;
        var all = new double[model.Config.LayerCount * experts];
        if (model.Mesh.DataRank == 0)
            foreach (var layer in model.Decoder.Layers)
                values(layer)?.CopyTo(all, layer.Index * experts);
        model.Mesh.World.AllReduce<double>(all, ReduceOperation.Sum);
        return all;
    }

    private static JsonObject SaveBiases(ShardedModel model) => new()
    {
        ["router_biases"] = JsonSerializer.SerializeToNode(GatherPerExpert(model, layer =>
            layer.CorrectionBias is { } bias ? Array.ConvertAll(RouterBias.Read(bias), value => (double)value) : null)),
    };

    private static void RestoreBiases(ShardedModel model, JsonObject saved)
    {
        var all = saved["router_biases"].Deserialize<double[]>()!;
        foreach (var layer in model.Decoder.Layers)
            if (layer.CorrectionBias is { } bias)
            {
                int experts = model.Config.Moe!.RoutedExpertCount;
                RouterBias.Write(bias, Array.ConvertAll(all[(layer.Index * experts)..((layer.Index + 1) * experts)], value => (float)value));
            }
    }

    private static SortedDictionary<int, double[]> GatherLoad(ShardedModel model, RouterBalancer balancer)
    {
        var all = GatherPerExpert(model, layer => balancer.TotalLoad.TryGetValue(layer.Index, out var load) ? Array.ConvertAll(load, n => (double)n) : null);
        int experts = model.Config.Moe?.RoutedExpertCount ?? 0;
        var shares = new SortedDictionary<int, double[]>();
        for (int layer = 0; layer < model.Config.LayerCount; layer++)
        {
            var load = all.AsSpan(layer * experts, experts).ToArray();
            if (load.Sum() > 0)
                shares.Add(layer, Array.ConvertAll(load, n => n / load.Sum()));
        }
        return shares;
    }

    private void Export(ShardedModel model, DecoderConfig config)
    {
        using var exporter = new CheckpointExporter(new ExportOptions
        {
            SourceFolder = _options.ConfigFolder,
            TargetFolder = _options.OutputFolder,
            KeptLayers = [.. Enumerable.Range(0, config.LayerCount)],
            Method = "none",
        });
        ShardedExport.Write(model, exporter);
    }
}
