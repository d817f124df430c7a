using System.Buffers;
using System.Text;

namespace E3Scale.Data.Tokenizers;

/// <summary>A byte-pair vocabulary and its ranked merges: turns one word into token ids.</summary>
internal sealed class BytePairModel
{
    // Up to so many symbols, looking through all pairs for the best one is faster than keeping them in order.
    private const int ShortWord = 64;

    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _vocabularyBySpan;
    private readonly MergeTable _merges;
    private readonly BytePairOptions _options;
    private readonly int[] _byteIds; // id of each byte's token, -1 where the vocabulary has none

    public BytePairModel(Dictionary<string, int> vocabulary, IReadOnlyList<BytePairMerge> merges, BytePairOptions options)
    {
        _vocabulary = vocabulary;
        _vocabularyBySpan = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _options = options;
        _merges = new MergeTable(merges);
        _byteIds = new int[256];
        for (int value = 0; value < 256; value++)
        {
            string token = options.IsByteLevel ? ByteLevelAlphabet.ToChar((byte)value).ToString() : $"<0x{value:X2}>";
            _byteIds[value] = vocabulary.TryGetValue(token, out int id) ? id : -1;
        }
    }

    /// <summary>Appends the ids of one word.</summary>
    public void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_options.IgnoreMerges && WholeWord(word) is { } whole)
        {
            ids.Add(whole);
            return;
        }
        int most = 3 * word.Length; // bytes of UTF-8 per UTF-16 unit
        int[]? rented = most > 3 * ShortWord ? ArrayPool<int>.Shared.Rent(most) : null;
        Span<int> symbols = rented is null ? stackalloc int[3 * ShortWord] : rented;
        symbols = symbols[..WriteSymbols(word, symbols)];
        ids.AddRange(symbols[..(symbols.Length <= ShortWord ? MergeShort(symbols) : MergeLong(symbols))]);
        if (rented is not null)
            ArrayPool<int>.Shared.Return(rented);
    }

    /// <summary>Writes what the word consists of before any merge, and returns how many symbols that is.</summary>
    private int WriteSymbols(ReadOnlySpan<char> word, Span<int> symbols)
    {
        int count = 0;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in word.EnumerateRunes())
        {
            int length = rune.EncodeToUtf8(utf8);
            if (_options.IsByteLevel)
                AppendBytes(utf8[..length], symbols, ref count);
            else
                AppendCharacter(rune, utf8[..length], symbols, ref count);
        }
        return count;
    }

    private int? WholeWord(ReadOnlySpan<char> word)
    {
        string token = word.ToString();
        if (_options.IsByteLevel)
            token = ByteLevelAlphabet.ToToken(Encoding.UTF8.GetBytes(token));
        return _vocabulary.TryGetValue(token, out int id) ? id : null;
    }

    private void AppendCharacter(Rune rune, ReadOnlySpan<byte> utf8, Span<int> symbols, ref int count)
    {
        Span<char> character = stackalloc char[2];
        if (_vocabularyBySpan.TryGetValue(character[..rune.EncodeToUtf16(character)], out int id))
            symbols[count++] = id;
        else if (_options.HasByteFallback && AllKnown(utf8))
            AppendBytes(utf8, symbols, ref count);
        else
            AppendUnknown(symbols, ref count);
    }

    private bool AllKnown(ReadOnlySpan<byte> utf8)
    {
        foreach (byte value in utf8)
            if (_byteIds[value] < 0)
                return false;
        return true;
    }

    private void AppendBytes(ReadOnlySpan<byte> utf8, Span<int> symbols, ref int count)
    {
        foreach (byte value in utf8)
        {
            if (_byteIds[value] >= 0)
                symbols[count++] = _byteIds[value];
            else
                AppendUnknown(symbols, ref count);
        }
    }

    // Without an unknown token the character is dropped, as the reference implementation does.
    private void AppendUnknown(Span<int> symbols, ref int count)
    {
        if (_options.UnknownId is { } unknown && !(_options.FusesUnknown && count > 0 && symbols[count - 1] == unknown))
            symbols[count++] = unknown;
    }

    /// <summary>Applies the merges in order of rank, the leftmost first among equals, and returns how many symbols are left.</summary>
    private int MergeShort(Span<int> symbols)
    {
        const int NoMerge = int.MaxValue;
        Span<int> ranks = stackalloc int[ShortWord], merged = stackalloc int[ShortWord]; // of each symbol with the next
        int count = symbols.Length;
        for (int i = 0; i < count; i++)
            Rate(i, symbols, ranks, merged);
        while (true)
        {
            int best = -1, lowest = NoMerge;
            for (int i = 0; i < count - 1; i++)
                if (ranks[i] < lowest)
                    (best, lowest) = (i, ranks[i]);
            if (best < 0)
                return count;
            symbols[best] = merged[best];
            for (int i = best + 1; i < count - 1; i++)
                (symbols[i], ranks[i], merged[i]) = (symbols[i + 1], ranks[i + 1], merged[i + 1]);
            count--;
            Rate(best, symbols[..count], ranks, merged);
            if (best > 0)
                Rate(best - 1, symbols[..count], ranks, merged);
        }

        void Rate(int at, ReadOnlySpan<int> symbols, Span<int> ranks, Span<int> merged)
        {
            if (at + 1 >= symbols.Length || !_merges.TryGet(symbols[at], symbols[at + 1], out ranks[at], out merged[at]))
                ranks[at] = NoMerge;
        }
    }

    /// <summary>The same in O(n log n), with a heap over a linked list: a hostile text may be one long word.</summary>
    private int MergeLong(Span<int> word)
    {
        int[] symbols = word.ToArray();
        int count = symbols.Length;
        var next = new int[count];
        var previous = new int[count];
        var heap = new PriorityQueue<(int At, int Left, int Right), (int Rank, int At)>();
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
            if (i > 0)
                Offer(i - 1, i);
        }
        const int Dead = -1;
        while (heap.TryDequeue(out var pair, out _))
        {
            int right = next[pair.At];
            // The entry is stale when either side was merged away or into something else since.
            if (symbols[pair.At] != pair.Left || right >= count || symbols[right] != pair.Right)
                continue;
            _merges.TryGet(pair.Left, pair.Right, out _, out symbols[pair.At]);
            symbols[right] = Dead;
            next[pair.At] = next[right];
            if (next[right] < count)
            {
                previous[next[right]] = pair.At;
                Offer(pair.At, next[right]);
            }
            if (previous[pair.At] >= 0)
                Offer(previous[pair.At], pair.At);
        }
        int kept = 0;
        foreach (int id in symbols)
            if (id != Dead)
                word[kept++] = id;
        return kept;

        void Offer(int first, int second)
        {
            if (_merges.TryGet(symbols[first], symbols[second], out int rank, out _))
                heap.Enqueue((first, symbols[first], symbols[second]), (rank, first));
        }
    }
}
