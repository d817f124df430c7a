namespace E3Scale.TestSupport.Fuzzing;

/// <summary>Damages files of any format: bits flipped, bytes and numbers overwritten, pieces moved or cleared, the end cut off.</summary>
internal static class ByteMutator
{
    private const int MaxPiece = 64;

    /// <summary>One mutation; the result always differs from the original.</summary>
    /// <param name="original">At least one byte.</param>
    /// <param name="random">Decides.</param>
    public static byte[] Mutate(byte[] original, Random random)
    {
        byte[] bytes = [.. original];
        switch (random.Next(6))
        {
            case 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                random.NextBytes(Piece(bytes, 1 + random.Next(8), random));
                break;
            case 2:
                byte[] number = BitConverter.GetBytes(random.NextInt64(-2, 1L << random.Next(1, 62)));
                Span<byte> place = Piece(bytes, sizeof(long), random);
                number.AsSpan(0, place.Length).CopyTo(place);
                break;
            case 3:
                Piece(bytes, 1 + random.Next(MaxPiece), random).Clear();
                break;
            case 4: // a piece of the file at another place, where offsets and lengths then point elsewhere
                int length = 1 + random.Next(MaxPiece);
                Piece([.. original], length, random).CopyTo(Piece(bytes, length, random));
                break;
            default:
                return bytes[..random.Next(bytes.Length)];
        }
        if (bytes.AsSpan().SequenceEqual(original))
            bytes[random.Next(bytes.Length)] ^= 1;
        return bytes;
    }

    private static Span<byte> Piece(byte[] bytes, int length, Random random)
    {
        length = Math.Min(length, bytes.Length);
        return bytes.AsSpan(random.Next(bytes.Length - length + 1), length);
    }
}
