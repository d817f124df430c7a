using E3Scale.Data.Corpora;
using E3Scale.Data.Randomness;

namespace E3Scale.Pruner.Selection;

/// <summary>Calibration sequences, drawn from the training corpus without repetition and cut into batches: the same on every mesh.</summary>
public sealed class CalibrationBatches
{
    // Another key than training's order: calibration must not be the first training batches.
    private const ulong Key = 0xCA11B_0000;

    /// <summary>Draws.</summary>
    /// <param name="corpus">Where from.</param>
    /// <param name="sequences">How many; fewer where the corpus has fewer.</param>
    /// <param name="batchSequences">Sequences of a forward pass.</param>
    /// <param name="seed">Key of the choice.</param>
    public CalibrationBatches(PackedCorpus corpus, int sequences, int batchSequences, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        var order = new SequenceOrder(corpus.SequenceCount, seed ^ Key);
        int count = (int)Math.Min(sequences, corpus.SequenceCount);
        All = [.. Enumerable.Range(0, count).Select(i => order.SequenceAt(i)).Chunk(batchSequences)];
        (Sequences, Tokens) = (count, (long)count * corpus.SequenceLength);
    }

    /// <summary>Sequence numbers of every batch.</summary>
    public IReadOnlyList<long[]> All { get; }

    /// <summary>Deals batches to data ranks in turn: all have as many, so that ranks of an expert group move in step.</summary>
    /// <param name="which">Which batches; null for all.</param>
    /// <param name="rank">Data rank.</param>
    /// <param name="ranks">Data ranks.</param>
    public IReadOnlyList<CalibrationShare> Deal(IReadOnlyList<int>? which, int rank, int ranks)
    {
        int count = which?.Count ?? All.Count;
        return
        [
            .. Enumerable.Range(0, (count + ranks - 1) / ranks).Select(round => round * ranks + rank).Select(
                index => new CalibrationShare(All[which is null ? Math.Min(index, count - 1) : which[Math.Min(index, count - 1)]], index < count)),
        ];
    }

    /// <summary>Sequences in all batches.</summary>
    public int Sequences { get; }

    /// <summary>Positions in all batches.</summary>
    public long Tokens { get; }
}
