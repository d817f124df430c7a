namespace E3Scale.Data.Tokenizers;

/// <summary>Loads the tokenizer of a model folder in Hugging Face form.</summary>
public static class TokenizerLoader
{
    /// <summary>Name of a tokenizer in SentencePiece form.</summary>
    public const string SentencePieceFileName = "tokenizer.model";

    /// <summary>Loads <c>tokenizer.json</c>, or the SentencePiece <c>tokenizer.model</c> of a folder without one, and from <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and
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
        string path = Path.Combine(modelFolder, "tokenizer.json");
        string sentencePiecePath = Path.Combine(modelFolder, SentencePieceFileName);
        if (!File.Exists(path) && !File.Exists(sentencePiecePath))
            throw new TokenizerException(
                $"{path}: no such file, nor is there a tokenizer.model. A model folder needs its tokenizer; copy it beside the weights.");
        var definition = File.Exists(path) ? TokenizerJsonReader.Read(path) : SentencePieceModelReader.Read(sentencePiecePath);
        return new SpecialTokens(modelFolder, definition).Complete();
    }
}
