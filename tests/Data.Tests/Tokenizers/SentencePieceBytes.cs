using System.Text;

namespace E3Scale.Data.Tests.Tokenizers;

/// <summary>Hand-made SentencePiece models.</summary>
internal static class SentencePieceBytes
{
    public static byte[] Model((string Text, float Score, int Type)[] pieces, int modelType = 2, byte[]? normalizer = null)
    {
        var model = new List<byte>();
        foreach (var (text, score, type) in pieces)
        {
            byte[] name = Encoding.UTF8.GetBytes(text);
            byte[] piece = [0x0A, .. Length(name.Length), .. name, 0x15, .. BitConverter.GetBytes(score), 0x18, (byte)type];
            model.AddRange([0x0A, .. Length(piece.Length), .. piece]);
        }
        model.AddRange([0x12, 2, 0x18, (byte)modelType]);
        normalizer ??= [0x18, 0];
        model.AddRange([0x1A, (byte)normalizer.Length, .. normalizer]);
        return [.. model];
    }

    private static byte[] Length(int value) => value < 128 ? [(byte)value] : [(byte)(value | 0x80), (byte)(value >> 7)];
}
