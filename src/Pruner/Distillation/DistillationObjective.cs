using E3Scale.Data.Corpora;
using E3Scale.LogitStore;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: N = positions of a micro-batch, V = vocabulary, k = stored logits per token.

/// <summary>Offline distillation from the logit store, plain or weighted by the teacher's entropy (E3-Pruner, eq. 5 and 6).</summary>
public sealed class DistillationObjective : ITrainingObjective
{
    private readonly ObjectiveOptions _options;
    private readonly PackedCorpus _corpus;
    private readonly LogitStoreReader _store;
    private readonly Communicator _dataGroup;
    private readonly PrefetchingReader? _prefetch;
    private readonly SequenceLogits _buffers;
    private double _meanEntropy = 1;

    /// <summary>Takes over a store.</summary>
    /// <param name="options">Form and weighting of the loss.</param>
    /// <param name="corpus">Training sequences; must outlive the objective.</param>
    /// <param name="store">The teacher's logits; disposed with the objective.</param>
    /// <param name="dataGroup">Ranks that share a batch.</param>
    /// <param name="prefetchedSequences">Sequences read ahead of the training and held decoded at most; 0 for none.</param>
    public DistillationObjective(
        ObjectiveOptions options, PackedCorpus corpus, LogitStoreReader store, Communicator dataGroup, int prefetchedSequences)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(store);
        if (options.Weights is { Owner: EntropyOwner.Student, Weighting: TokenWeighting.EntropyOverMean })
            throw new ArgumentException("the mean of the student's entropy over a batch is not known before its first forward pass", nameof(options));
        (_options, _corpus, _store, _dataGroup) = (options, corpus, store, dataGroup);
        _prefetch = prefetchedSequences > 0 ? new PrefetchingReader(store, prefetchedSequences) : null;
        _buffers = store.CreateBuffers();
    }

    private EntropyWeights Weights => _options.Kind == ObjectiveKind.Kd ? _options.Weights with { Weighting = TokenWeighting.None } : _options.Weights;

    private bool WeighsByStudent => Weights is { Owner: EntropyOwner.Student, Weighting: not TokenWeighting.None };

    /// <inheritdoc/>
    public long CountTokens(IReadOnlyList<long> sequences) => TokenBatch.CountScored(_corpus, sequences);

    /// <inheritdoc/>
    public void Announce(IReadOnlyList<long> sequences) => _prefetch?.Announce(sequences);

    /// <inheritdoc/>
    public void BeginStep(IReadOnlyList<long> sequences, long batchTokens)
    {
        if (Weights.Weighting != TokenWeighting.EntropyOverMean)
            return;
        var teacher = ReadTeacher(sequences);
        double sum = 0;
        for (int n = 0; n < teacher.Entropy.Length; n++)
            sum += teacher.IsScored[n] ? teacher.Entropy[n] : 0;
        _meanEntropy = _dataGroup.AllReduceScalar(sum, ReduceOperation.Sum) / Math.Max(batchTokens, 1);
    }

    /// <inheritdoc/>
    public Tensor Loss(Decoder decoder, Tensor hidden_BTH, IReadOnlyList<long> sequences, double scale)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        var teacher = ReadTeacher(sequences);
        if (WeighsByStudent)
            ReadStudentEntropy(decoder, hidden_BTH, teacher);
        Weights.Weights(teacher.Entropy, teacher.IsScored, _meanEntropy, teacher.Entropy);
        return DistillationLoss.Sum(decoder, hidden_BTH, teacher.Ids, teacher.Logits, teacher.LogSumExp, teacher.Entropy, _options.Form, scale);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _prefetch?.Dispose();
        _store.Dispose();
    }

    /// <summary>Puts the student's entropies in the place of the teacher's: a constant of the step, and a pass through the head of its own.</summary>
    private void ReadStudentEntropy(Decoder decoder, Tensor hidden_BTH, TeacherRows teacher)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        StudentEntropy.Compute(
            Weights.Source == EntropySource.Full ? decoder.Logits(hidden_BTH).flatten(0, 1) : decoder.LogitsAt(hidden_BTH, teacher.Ids), teacher.Entropy);
    }

    private TeacherRows ReadTeacher(IReadOnlyList<long> sequences)
    {
        int positions = _corpus.SequenceLength, k = _buffers.TopK, count = sequences.Count * positions;
        var rows = new TeacherRows(new int[count * k], new float[count * k], new float[count], new float[count], new bool[count]);
        for (int i = 0; i < sequences.Count; i++)
        {
            Read(sequences[i]);
            _buffers.Ids.CopyTo(rows.Ids, i * positions * k);
            _buffers.Logits.CopyTo(rows.Logits, i * positions * k);
            _buffers.LogSumExp.CopyTo(rows.LogSumExp, i * positions);
            _buffers.Entropy.CopyTo(rows.Entropy, i * positions);
            var mask = _corpus.LossMask(sequences[i]);
            for (int t = 0; t < positions; t++)
                rows.IsScored[i * positions + t] = TokenBatch.IsScored(mask, t);
        }
        Weights.Entropies(rows.Entropy, rows.Logits, rows.Entropy);
        return rows;
    }

    private void Read(long sequence)
    {
        if (_prefetch is not null)
            _prefetch.Read(sequence, _buffers);
        else
            _store.Read(sequence, _buffers);
    }

    private sealed record TeacherRows(int[] Ids, float[] Logits, float[] LogSumExp, float[] Entropy, bool[] IsScored);
}
