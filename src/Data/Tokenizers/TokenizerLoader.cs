namespace E3Scale.Data.Tokenizers;

/// <summary>Loads the tokenizer of a model folder in Hugging Face form.</summary>
public static class TokenizerLoader
{
    /// <summary>Name of a tokenizer in SentencePiece form.</summary>
    public const string SentencePieceFileName = "tokenizer.model";

    private const string FileName = "tokenizer.json";

    /// <summary>The file that a tokenizer is read from: <c>tokenizer.json</c>, or <c>tokenizer.model</c> in a folder without one.</summary>
    /// <param name="modelFolder">The folder.</param>
    /// <exception cref="TokenizerException">There is neither.</exception>
    public static string PathIn(string modelFolder)
    {
        string path = Path.Combine(modelFolder, FileName);
        if (File.Exists(path))
            return path;
        string sentencePiecePath = Path.Combine(modelFolder, SentencePieceFileName);
        return File.Exists(sentencePiecePath)
            ? sentencePiecePath
            : throw new TokenizerException(
                $"{path}: no such file, nor is there a tokenizer.model. A model folder needs its tokenizer; copy it beside the weights.");
    }

    /// <summary>Loads the tokenizer of <see cref="PathIn"/>, and from <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and
    /// <c>generation_config.json</c>, in that order, which tokens begin, end and pad a sequence.</summary>
    /// <param name="modelFolder">The folder that holds them; all but one of the first two may be absent.</param>
    /// <exception cref="TokenizerException">A file is missing, malformed, or asks for something not supported.</exception>
    public static ITokenizer Load(string modelFolder) => new BpeTokenizer(Read(modelFolder));

    /// <summary>Says what a folder's tokenizer is.</summary>
    /// <param name="modelFolder">As for <see cref="Load"/>.</param>
    /// <exception cref="TokenizerException">As for <see cref="Load"/>.</exception>
    public static TokenizerDescription Describe(string modelFolder) =>
        TokenizerDescription.Of(Read(modelFolder), ChatTemplate.Hash(modelFolder) is not null);

    private static TokenizerDefinition Read(string modelFolder)
    {
        string path = PathIn(modelFolder);
        var definition = Path.GetFileName(path) == FileName ? TokenizerJsonReader.Read(path) : SentencePieceModelReader.Read(path);
        return new SpecialTokens(modelFolder, definition).Complete();
    }
}
