using System.Numerics;

namespace E3Scale.Pruner.Compensation;

/// <summary>Hadamard matrices: entries 1 and -1, rows orthogonal, H H^T = n I.</summary>
/// <remarks>
/// Sizes b 2^k by Sylvester's doubling of a base b: 1, or one of Paley's (1933) over a field of prime order q: type I b = q + 1 for q = 3 mod 4, type
/// II b = 2 (q + 1) for q = 1 mod 4. Hidden sizes of models are such: 5120 = 20 2^8 (q = 19), 7168 = 28 2^8 (type II, q = 13), 7680 = 60 2^7 (q = 59).
/// </remarks>
public static class HadamardMatrix
{
    /// <summary>A Hadamard matrix.</summary>
    /// <param name="size">n, &gt; 0.</param>
    /// <returns>[n, n] row-major, 1 and -1.</returns>
    /// <exception cref="ArgumentException">Neither construction gives this size.</exception>
    public static sbyte[] Create(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        for (int b = size; ; b /= 2)
        {
            if (BaseOf(b) is { } matrix)
                return Doubled(matrix, b, size);
            if (b % 2 != 0)
                throw new ArgumentException($"no Hadamard matrix of size {size} by Sylvester's and Paley's constructions", nameof(size));
        }
    }

    private static sbyte[]? BaseOf(int size)
    {
        if (BitOperations.IsPow2(size))
            return size == 1 ? [1] : null; // Sylvester's, not one of Paley's of the same size
        if (size % 4 != 0)
            return null;
        if (IsPrime(size - 1))
            return PaleyOne(size - 1);
        int q = size / 2 - 1;
        return q % 4 == 1 && IsPrime(q) ? PaleyTwo(q) : null;
    }

    /// <summary>I + S with S = [[0, 1], [-1, Q]], Q[i, j] the quadratic character of i - j.</summary>
    private static sbyte[] PaleyOne(int q)
    {
        int n = q + 1;
        sbyte[] character = Character(q), h = new sbyte[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                h[i * n + j] = i == j || i == 0 ? (sbyte)1 : j == 0 ? (sbyte)-1 : character[(i - j + q) % q];
        return h;
    }

    /// <summary>S = [[0, 1], [1, Q]] with every 0 replaced by [[1, -1], [-1, -1]] and every s = 1 or -1 by s [[1, 1], [1, -1]].</summary>
    private static sbyte[] PaleyTwo(int q)
    {
        int n = 2 * (q + 1);
        sbyte[] character = Character(q), h = new sbyte[n * n];
        for (int i = 0; i <= q; i++)
            for (int j = 0; j <= q; j++)
            {
                int s = i == j ? 0 : i == 0 || j == 0 ? 1 : character[(i - j + q) % q];
                for (int a = 0; a < 2; a++)
                    for (int b = 0; b < 2; b++)
                        h[(2 * i + a) * n + 2 * j + b] = (sbyte)(s == 0 ? (a + b == 0 ? 1 : -1) : a + b == 2 ? -s : s);
            }
        return h;
    }

    /// <summary>[[H, H], [H, -H]], as often as it takes: the product of the base's entry and a sign for the bits that both quotients share.</summary>
    private static sbyte[] Doubled(sbyte[] matrix, int b, int size)
    {
        var doubled = new sbyte[(long)size * size];
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++)
            {
                sbyte entry = matrix[i % b * b + j % b];
                bool negated = (BitOperations.PopCount((uint)(i / b & j / b)) & 1) != 0;
                doubled[(long)i * size + j] = negated ? (sbyte)-entry : entry;
            }
        return doubled;
    }

    /// <summary>For each residue of a prime: 1 for squares, -1 for others, 0 for 0.</summary>
    private static sbyte[] Character(int q)
    {
        var character = new sbyte[q];
        Array.Fill(character, (sbyte)-1);
        character[0] = 0;
        for (long i = 1; i < q; i++)
            character[i * i % q] = 1;
        return character;
    }

    private static bool IsPrime(int number)
    {
        if (number < 2)
            return false;
        for (int divisor = 2; (long)divisor * divisor <= number; divisor++)
            if (number % divisor == 0)
                return false;
        return true;
    }
}
