namespace E3Scale.Data.Tokenizers;

/// <summary>Reads the <c>decoder</c> of a tokenizer.json.</summary>
internal static class DecoderReader
{
    private const int MaxReplacements = 32;

    public static TokenDecoding Read(JsonField field) => field.IsMissing ? new TokenDecoding() : Add(field, new TokenDecoding());

    private static TokenDecoding Add(JsonField field, TokenDecoding decoding)
    {
        switch (field.Get("type").Text())
        {
            case "Sequence":
                return field.Get("decoders").Items().Aggregate(decoding, (sum, item) => Add(item, sum));
            case "ByteLevel":
                return decoding with { IsByteLevel = true };
            case "ByteFallback":
                return decoding with { HasByteFallback = true };
            case "Fuse": // tokens are always joined here
                return decoding;
            case "Replace":
                return AddReplacement(field, field.Get("pattern").Get("String").Text(), field.Get("content").Text(), decoding);
            case "Metaspace":
                bool isPrefixed = field.Get("prepend_scheme").Text(fallback: "always") != "never" && field.Get("add_prefix_space").Flag(fallback: true);
                string marker = field.Get("replacement").Text(fallback: "▁");
                return AddReplacement(field, marker, " ", decoding) with { LeadingSpaces = isPrefixed ? 1 : 0 };
            case "Strip":
                if (field.Get("content").Text() != " ")
                    throw field.Get("content").Unexpected("a space");
                field.Get("stop").Integer(0, 0);
                return decoding with { LeadingSpaces = field.Get("start").Integer(0, 16) };
            default:
                throw field.Get("type").Unexpected("Sequence, ByteLevel, ByteFallback, Fuse, Replace, Metaspace or Strip");
        }
    }

    /// <summary>Replacements follow each other, so none may make a token longer: the next could do so again.</summary>
    private static TokenDecoding AddReplacement(JsonField field, string pattern, string content, TokenDecoding decoding)
    {
        if (decoding.Replacements.Count == MaxReplacements)
            throw field.Unexpected($"at most {MaxReplacements} replacements");
        if (pattern.Length == 0 || content.Length > pattern.Length)
            throw field.Unexpected("a string that is not empty, replaced by one that is not longer");
        return decoding with { Replacements = [.. decoding.Replacements, (pattern, content)] };
    }
}
