namespace E3Scale.Data.Tokenizers;

/// <summary>What pairs of tokens merge into. Open addressing, since every pair of symbols of every new word is looked up.</summary>
internal sealed class MergeTable
{
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15; // 2^64 over the golden ratio: spreads neighbouring ids
    private const ulong None = ulong.MaxValue; // no pair: ids are not negative

    private readonly ulong[] _pairs; // left id in the upper half
    private readonly (int Rank, int Merged)[] _merges;
    private readonly int _shift;

    /// <summary>Builds the table; of two merges of one pair the first counts.</summary>
    public MergeTable(IReadOnlyList<BytePairMerge> merges)
    {
        int bits = 1;
        while (1L << bits < 2L * merges.Count) // at most half full, so that searches stay short
            bits++;
        _shift = 64 - bits;
        _pairs = new ulong[1 << bits];
        _merges = new (int Rank, int Merged)[_pairs.Length];
        Array.Fill(_pairs, None);
        foreach (var merge in merges)
        {
            int slot = SlotOf(Pair(merge.Left, merge.Right));
            if (_pairs[slot] == None)
                (_pairs[slot], _merges[slot]) = (Pair(merge.Left, merge.Right), (merge.Rank, merge.Merged));
        }
    }

    /// <summary>Rank and result of a pair's merge; false when the two do not merge.</summary>
    public bool TryGet(int left, int right, out int rank, out int merged)
    {
        int slot = SlotOf(Pair(left, right));
        (rank, merged) = _merges[slot];
        return _pairs[slot] != None;
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    /// <summary>Where the pair is, or where it would be.</summary>
    private int SlotOf(ulong pair)
    {
        int slot = (int)((pair * Multiplier) >> _shift);
        while (_pairs[slot] != pair && _pairs[slot] != None)
            slot = (slot + 1) & (_pairs.Length - 1);
        return slot;
    }
}
