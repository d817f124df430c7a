using System.Numerics;

namespace E3Scale.Evaluation.Tasks;

/// <summary>
/// CPython's <c>random.Random(seed)</c> as far as few-shot prompts need it: published scores depend on which solved items stand before a
/// question, and these are drawn by <c>sample</c>.
/// </summary>
/// <remarks>Matsumoto, Nishimura: Mersenne Twister. ACM TOMACS 1998 (MT19937, init_by_array); CPython 3.8 to 3.13, Lib/random.py.</remarks>
internal sealed class PythonRandom
{
    private const int Size = 624, Offset = 397;
    private readonly uint[] _state = new uint[Size];
    private int _next = Size;

    /// <summary>Seeds as CPython does with a small non-negative integer.</summary>
    public PythonRandom(uint seed)
    {
        _state[0] = 19650218;
        for (uint i = 1; i < Size; i++)
            _state[i] = 1812433253 * (_state[i - 1] ^ (_state[i - 1] >> 30)) + i;
        uint place = 1;
        for (int k = 0; k < Size; k++)
        {
            _state[place] = (_state[place] ^ ((_state[place - 1] ^ (_state[place - 1] >> 30)) * 1664525)) + seed; // + index in the key, 0
            Advance(ref place);
        }
        for (int k = 0; k < Size - 1; k++)
        {
            _state[place] = (_state[place] ^ ((_state[place - 1] ^ (_state[place - 1] >> 30)) * 1566083941)) - place;
            Advance(ref place);
        }
        _state[0] = 0x80000000;
    }

    /// <summary>The next 32 bits.</summary>
    public uint NextBits()
    {
        if (_next == Size)
            Twist();
        uint y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >> 18);
    }

    /// <summary><c>sample(range(population), count)</c>.</summary>
    /// <param name="population">Size of the population, at least <paramref name="count"/>.</param>
    /// <param name="count">How many are drawn.</param>
    public int[] Sample(int population, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, population);
        // Small populations are drawn from a list, large ones with a set of what was drawn: the same law, but other numbers.
        double listLimit = 21 + (count > 5 ? Math.Pow(4, Math.Ceiling(Math.Log(count * 3, 4))) : 0);
        return population <= listLimit ? SampleFromList(population, count) : SampleWithSet(population, count);
    }

    private int[] SampleFromList(int population, int count)
    {
        int[] pool = [.. Enumerable.Range(0, population)];
        int[] drawn = new int[count];
        for (int i = 0; i < count; i++)
        {
            int place = Below(population - i);
            drawn[i] = pool[place];
            pool[place] = pool[population - i - 1];
        }
        return drawn;
    }

    private int[] SampleWithSet(int population, int count)
    {
        var drawn = new List<int>(count);
        while (drawn.Count < count)
        {
            int place = Below(population);
            if (!drawn.Contains(place))
                drawn.Add(place);
        }
        return [.. drawn];
    }

    /// <summary>Uniform in 0..limit-1, by drawing again what is too large.</summary>
    private int Below(int limit)
    {
        int bits = 32 - BitOperations.LeadingZeroCount((uint)limit);
        uint draw;
        do
            draw = NextBits() >> (32 - bits);
        while (draw >= limit);
        return (int)draw;
    }

    private void Advance(ref uint place)
    {
        if (++place < Size)
            return;
        _state[0] = _state[Size - 1];
        place = 1;
    }

    private void Twist()
    {
        for (int i = 0; i < Size; i++)
        {
            uint y = (_state[i] & 0x80000000) | (_state[(i + 1) % Size] & 0x7fffffff);
            _state[i] = _state[(i + Offset) % Size] ^ (y >> 1) ^ ((y & 1) * 0x9908b0df);
        }
        _next = 0;
    }
}
