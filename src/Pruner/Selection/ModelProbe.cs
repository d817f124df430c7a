using E3Scale.Data.Corpora;
using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Merging;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Selection;

// Shape suffixes in this file: B = sequences, T = positions, H = hidden, N = B*T, V = vocabulary, L = layers.

/// <summary>
/// A probe of a model on a mesh: batch i runs on data rank i mod data, sums go over all ranks. Logits are float32, sums float64.
/// </summary>
/// <param name="model">The teacher, whole.</param>
/// <param name="corpus">Where the calibration text is.</param>
/// <param name="batches">Which sequences of it.</param>
/// <param name="task">The judge of <see cref="ProbeMetric.Task"/>; null where nobody asks for it.</param>
public sealed class ModelProbe(ShardedModel model, PackedCorpus corpus, CalibrationBatches batches, ITaskMetric? task = null) : ILayerProbe
{
    private WeightProbe? _weights;
    private MergeProbe? _merges;

    /// <summary>The model's weights, for methods that merge layers; null (default) where none does.</summary>
    public IWeightSource? Source { get; init; }

    /// <summary>Told, while a probe goes on, how many of its batches are done; null (default) for nobody.</summary>
    public Action<int>? AfterBatches { get; set; }

    /// <summary>Told how many models a probe judged, after it; null (default) for nobody.</summary>
    public Action<int>? AfterModels { get; set; }

    /// <inheritdoc/>
    public IWeightProbe Weights => _weights ??= new WeightProbe(model, corpus, batches, this);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no <see cref="Source"/>.</exception>
    public IMergeProbe Merges => _merges ??= new MergeProbe(model, Source ?? throw new ArgumentException("no weights to merge layers from"), this);

    /// <summary>Numbers of the calibration sequences.</summary>
    internal IReadOnlyList<long> Sequences { get; } = [.. batches.All.SelectMany(batch => batch)];

    /// <inheritdoc/>
    public int Layers => model.Config.LayerCount;

    /// <summary>What masks have an entry for, and what is left out. Default: layers. Task and weights judge layers only.</summary>
    public PruningUnits Units { get; init; } = PruningUnits.Layers;

    /// <inheritdoc/>
    public int Batches => batches.All.Count;

    /// <inheritdoc/>
    public long TokensPerBatch => (long)batches.All[0].Length * corpus.SequenceLength;

    /// <summary>
    /// Work so far: positions times the share of the teacher's layers that each went through, over all data ranks. The teacher's own passes, for
    /// divergences, are in it.
    /// </summary>
    public double ForwardTokens { get; private set; }

    /// <summary>Positions that went forward and, for gradients, backward so far, times the share of the teacher's layers they went through.</summary>
    public double GradientTokens { get; private set; }

    /// <summary>
    /// Shows what enters and what leaves each kept layer (or other unit) of this rank, once over this rank's batches. Each batch and layer is shown on one
    /// rank of the mesh. Collective over the world.
    /// </summary>
    /// <param name="isKept">Layers of the model that runs, by number.</param>
    /// <param name="onLayer">Gets the batch's sequences, the layer, its input and its output [B, T, H]; what it makes of them is freed behind it.</param>
    public void Observe(IReadOnlyList<bool> isKept, Action<long[], int, Tensor, Tensor> onLayer) => ForEachBatch(null, (ids_BT, sequences, counts) =>
    {
        model.Executor.InferWithoutEach(ids_BT, [], onFull: _ => { }, onWithout: (_, _) => { }, isKept, pass =>
        {
            if (!counts)
                return;
            using var scope = NewDisposeScope();
            onLayer(sequences, pass.Unit, pass.Input_BTH, pass.Output_BTH);
        }, Units);
        Count(ids_BT, isKept.Count(kept => kept));
    });

    /// <inheritdoc/>
    public double[] BlockInfluence(IReadOnlyList<bool> isKept)
    {
        var influence = new BlockInfluence(isKept.Count, model.Config.HiddenSize);
        Observe(isKept, (_, layer, input_BTH, output_BTH) => influence.Add(layer, Floats(input_BTH), Floats(output_BTH)));
        model.Mesh.World.AllReduce(influence.CosineSums, ReduceOperation.Sum);
        model.Mesh.World.AllReduce(influence.TokenCounts, ReduceOperation.Sum);
        AfterModels?.Invoke(1);
        return [.. Enumerable.Range(0, isKept.Count).Select(layer => isKept[layer] ? influence.Score(layer) : double.NaN)];
    }

    /// <inheritdoc/>
    public double Loss(IReadOnlyList<bool> isKept, ProbeMetric metric, IReadOnlyList<int>? batches = null) =>
        metric == ProbeMetric.Task ? JudgeTask(isKept) : Judge(isKept, [], metric, batches)[0];

    /// <inheritdoc/>
    public double[] LossWithoutEach(IReadOnlyList<bool> isKept, IReadOnlyList<int> layers, ProbeMetric metric) =>
        metric == ProbeMetric.Task
            ? [.. layers.Select(left => JudgeTask([.. isKept.Select((kept, layer) => kept && layer != left)]))]
            : Judge(isKept, layers, metric, null)[1..];

    /// <inheritdoc/>
    public double[] Losses(IReadOnlyList<bool[]> models, ProbeMetric metric, IReadOnlyList<int>? batches = null)
    {
        ArgumentNullException.ThrowIfNull(models);
        if (metric == ProbeMetric.Task)
            return [.. models.Select(JudgeTask)];
        // The last number counts tokens.
        var sums = new double[models.Count + 1];
        ForEachBatch(batches, (ids_BT, sequences, counts) =>
        {
            long[] labels_N = TokenBatch.Labels(corpus, sequences);
            using var teacher_NV = metric == ProbeMetric.Kl ? TeacherLogits(ids_BT) : null;
            if (counts)
                sums[^1] += CountOf(metric, labels_N);
            if (metric == ProbeMetric.Kl)
                Count(ids_BT, (long)Layers * Units.PerLayer());
            for (int i = 0; i < models.Count; i++)
            {
                int place = i;
                using var scope = NewDisposeScope();
                model.Executor.InferWithoutEach(
                    ids_BT, [], hidden_BTH => sums[place] += counts ? Sum(metric, teacher_NV, Logits(hidden_BTH), labels_N) : 0, (_, _) => { }, models[i], units: Units);
                Count(ids_BT, models[i].Count(kept => kept));
            }
        });
        model.Mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        AfterModels?.Invoke(models.Count);
        return Array.ConvertAll(sums[..^1], sum => sum / sums[^1]);
    }

    /// <summary>As the other one, for a model whose weights have changed.</summary>
    /// <param name="isKept">[L].</param>
    /// <param name="metric">The judge.</param>
    /// <param name="batches">Batches to judge on; null for all.</param>
    /// <param name="teacherLogits">Logits of the unchanged teacher, as <see cref="TeacherLogits"/>.</param>
    internal double Loss(IReadOnlyList<bool> isKept, ProbeMetric metric, IReadOnlyList<int>? batches, Func<Tensor, Tensor?> teacherLogits) =>
        metric == ProbeMetric.Task ? JudgeTask(isKept) : Judge(isKept, [], metric, batches, teacherLogits)[0];

    private double JudgeTask(IReadOnlyList<bool> isKept)
    {
        if (task is null)
            throw new ArgumentException("no task to judge models by; give one, or take another method");
        double loss = task.Loss(model, isKept);
        ForwardTokens += (double)task.Tokens * isKept.Count(kept => kept) / Layers;
        AfterModels?.Invoke(1);
        return loss;
    }

    /// <summary>Mean loss of the model of the kept layers, and of it without each of some layers, [1 + layers].</summary>
    private double[] Judge(
        IReadOnlyList<bool> isKept, IReadOnlyList<int> layers, ProbeMetric metric, IReadOnlyList<int>? which, Func<Tensor, Tensor?>? teacherLogits = null)
    {
        teacherLogits ??= TeacherLogits;
        // The last number counts tokens.
        var sums = new double[layers.Count + 2];
        bool isTeacher = isKept.All(kept => kept);
        int[] order = [.. layers];
        ForEachBatch(which, (ids_BT, sequences, counts) =>
        {
            using var teacher_NV = metric == ProbeMetric.Kl && !isTeacher ? teacherLogits(ids_BT) : null;
            long[] labels_N = TokenBatch.Labels(corpus, sequences);
            Tensor? full_NV = teacher_NV;
            model.Executor.InferWithoutEach(
                ids_BT, layers,
                onFull: hidden_BTH =>
                {
                    var logits_NV = Logits(hidden_BTH);
                    full_NV ??= logits_NV;
                    if (!ReferenceEquals(full_NV, logits_NV) || metric != ProbeMetric.Kl) // from itself it does not diverge
                        Add(0, logits_NV);
                    if (counts)
                        sums[^1] += CountOf(metric, labels_N);
                },
                onWithout: (layer, hidden_BTH) => Add(1 + Array.IndexOf(order, layer), Logits(hidden_BTH)),
                isKept,
                units: Units);
            Count(ids_BT, LayersRun(isKept, layers) + (teacher_NV is null ? 0 : Layers * Units.PerLayer()));

            void Add(int place, Tensor logits_NV)
            {
                if (counts)
                    sums[place] += Sum(metric, full_NV, logits_NV, labels_N);
            }
        });
        model.Mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        AfterModels?.Invoke(Math.Max(layers.Count, 1));
        return Array.ConvertAll(sums[..^1], sum => sum / sums[^1]);
    }

    private double Sum(ProbeMetric metric, Tensor? teacher_NV, Tensor logits_NV, long[] labels_N) => metric == ProbeMetric.Kl
        ? KlDivergence.Sum(Floats(teacher_NV!), Floats(logits_NV), model.Config.VocabularySize).LeftToRight
        : NextTokenLoss.Sum(Floats(logits_NV), labels_N, model.Config.VocabularySize).Loss;

    private static long CountOf(ProbeMetric metric, long[] labels_N) => metric == ProbeMetric.Kl ? labels_N.Length : labels_N.Count(label => label >= 0);

    /// <summary>Logits of the whole teacher on the last stage, to be disposed by the caller; null elsewhere.</summary>
    internal Tensor? TeacherLogits(Tensor ids_BT)
    {
        Tensor? logits_NV = null;
        model.Executor.InferWithoutEach(ids_BT, [], hidden_BTH => logits_NV = Logits(hidden_BTH).DetachFromDisposeScope(), (_, _) => { });
        return logits_NV;
    }

    /// <summary>Runs this replica's batches.</summary>
    private void ForEachBatch(IReadOnlyList<int>? which, Action<Tensor, long[], bool> run)
    {
        var shares = Deal(which);
        for (int round = 0; round < shares.Count; round++)
        {
            using var scope = NewDisposeScope();
            model.Mesh.World.Activity.Begin($"batch {round + 1} of {shares.Count}");
            run(TokenBatch.Ids(corpus, shares[round].Sequences), shares[round].Sequences, shares[round].Counts);
            AfterBatches?.Invoke(Math.Min(which?.Count ?? Batches, (round + 1) * model.Mesh.Shape.Data));
        }
    }

    /// <summary>The batches of this replica.</summary>
    internal IReadOnlyList<CalibrationShare> Deal(IReadOnlyList<int>? which) => batches.Deal(which, model.Mesh.DataRank, model.Mesh.Shape.Data);

    /// <summary>Counts the teacher's own pass over all calibration text.</summary>
    internal void CountTeacher() => ForwardTokens += batches.Tokens;

    /// <summary>Counts training of a model of some layers.</summary>
    internal void CountTraining(int sequences, int layersRun) => GradientTokens += (double)sequences * corpus.SequenceLength * layersRun / Layers;

    /// <summary>Counts a probe of gradients on all calibration text.</summary>
    internal void CountGradients()
    {
        GradientTokens += batches.Tokens;
        AfterModels?.Invoke(1);
    }

    private void Count(Tensor ids_BT, long unitsRun) =>
        ForwardTokens += (double)ids_BT.numel() * model.Mesh.Shape.Data * unitsRun / (Layers * Units.PerLayer());

    /// <summary>Layers that the kept model and the models without one more go through together.</summary>
    private static long LayersRun(IReadOnlyList<bool> isKept, IReadOnlyList<int> without)
    {
        int[] kept = [.. Enumerable.Range(0, isKept.Count).Where(layer => isKept[layer])];
        return kept.Length + without.Sum(left => (long)kept.Count(layer => layer > left));
    }

    private Tensor Logits(Tensor hidden_BTH) =>
        model.Decoder.Logits(hidden_BTH).flatten(0, 1).to_type(ScalarType.Float32).cpu().contiguous();

    /// <summary>The numbers of a tensor; valid while the current dispose scope lives.</summary>
    internal static ReadOnlySpan<float> Floats(Tensor value) => TensorMemory.AsSpan<float>(value.to_type(ScalarType.Float32).cpu().contiguous());
}
