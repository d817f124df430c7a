namespace E3Scale.Data.Tokenizers;

/// <summary>What a model folder's tokenizer is, without building it.</summary>
/// <param name="File">Name of the file it is read from.</param>
/// <param name="Kind">How it splits text, in words.</param>
/// <param name="VocabularySize">One more than the largest token id.</param>
/// <param name="SpecialTokenCount">Added tokens that are control tokens.</param>
/// <param name="Bos">Begin-of-sequence token; null when there is none.</param>
/// <param name="Eos">End-of-sequence token; null when there is none.</param>
/// <param name="Pad">Padding token; null when there is none.</param>
/// <param name="HasChatTemplate">Whether the folder has a chat template.</param>
public sealed record TokenizerDescription(
    string File, string Kind, int VocabularySize, int SpecialTokenCount, string? Bos, string? Eos, string? Pad, bool HasChatTemplate)
{
    internal static TokenizerDescription Of(TokenizerDefinition definition, bool hasChatTemplate) => new(
        Path.GetFileName(definition.File),
        definition.Model switch
        {
            { IsByteLevel: true } => "byte-level BPE",
            { HasByteFallback: true } => "BPE over characters, with bytes for unknown ones",
            _ => "BPE over characters",
        },
        definition.VocabularySize,
        definition.AddedTokens.Count(token => token.IsSpecial),
        Text(definition, definition.BosId),
        Text(definition, definition.EosId),
        Text(definition, definition.PadId),
        hasChatTemplate);

    private static string? Text(TokenizerDefinition definition, int? id) => id is not { } value
        ? null
        : definition.AddedTokens.FirstOrDefault(token => token.Id == value)?.Content
            ?? definition.Vocabulary.Where(token => token.Value == value).Select(token => token.Key).FirstOrDefault();
}
