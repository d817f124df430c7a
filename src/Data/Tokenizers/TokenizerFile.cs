using E3Scale.Files;

namespace E3Scale.Data.Tokenizers;

/// <summary>Reads the files of a tokenizer whole, up to a size, with errors that name the file.</summary>
internal static class TokenizerFile
{
    private const long MaxBytes = 256L << 20; // several times the largest published tokenizer.json

    /// <summary>Reads a file of a model folder.</summary>
    /// <exception cref="TokenizerException">It cannot be read, is too long, or is a link out of its folder.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            string real = RealPath.Of(path);
            if (!RealPath.BelongsTo(real, Path.GetDirectoryName(Path.GetFullPath(path))!))
                throw new TokenizerException($"{path}: a link to {real}, outside the model's folder. Copy the file in its place if you trust it.");
            long length = new FileInfo(real).Length;
            if (length > MaxBytes)
                throw new TokenizerException($"{path}: {length} bytes, more than the {MaxBytes} that a tokenizer file may have");
            // Pipes and devices have no length either, and to open one may wait for ever.
            return length > 0 ? File.ReadAllBytes(real) : throw new TokenizerException($"{path}: empty, or not a regular file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
