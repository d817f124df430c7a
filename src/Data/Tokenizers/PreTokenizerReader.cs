namespace E3Scale.Data.Tokenizers;

/// <summary>Reads the <c>pre_tokenizer</c> of a tokenizer.json.</summary>
internal static class PreTokenizerReader
{
    private static readonly Lazy<SplitPattern> s_digit = new(() => new SplitPattern(@"\p{N}")), s_digits = new(() => new SplitPattern(@"\p{N}+"));

    private const int MaxStages = 32; // each is an expression to compile, and one level of recursion in WordPipeline

    public static List<IPreTokenizer> Read(JsonField field)
    {
        var stages = new List<IPreTokenizer>();
        if (!field.IsMissing)
            Append(field, stages);
        return stages;
    }

    private static void Append(JsonField field, List<IPreTokenizer> stages)
    {
        if (stages.Count == MaxStages)
            throw field.Unexpected($"at most {MaxStages} pre-tokenizers");
        switch (field.Get("type").Text())
        {
            case "Sequence":
                foreach (var item in field.Get("pretokenizers").Items())
                    Append(item, stages);
                break;
            case "ByteLevel":
                stages.Add(new ByteLevelPreTokenizer(field.Get("add_prefix_space").Flag(fallback: true), field.Get("use_regex").Flag(fallback: true)));
                break;
            case "Split":
                stages.Add(ReadSplit(field));
                break;
            case "Digits":
                var digits = field.Get("individual_digits").Flag(fallback: false) ? s_digit : s_digits;
                stages.Add(new SplitPreTokenizer(digits.Value, SplitBehavior.Isolated));
                break;
            case "Metaspace":
                stages.Add(ReadMetaspace(field));
                break;
            default:
                throw field.Get("type").Unexpected("Sequence, ByteLevel, Split, Digits or Metaspace");
        }
    }

    private static SplitPreTokenizer ReadSplit(JsonField field)
    {
        if (field.Get("invert").Flag(fallback: false))
            throw field.Get("invert").Unexpected("false");
        var behavior = field.Get("behavior").Text() switch
        {
            "Isolated" => SplitBehavior.Isolated,
            "Removed" => SplitBehavior.Removed,
            "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
            "MergedWithNext" => SplitBehavior.MergedWithNext,
            _ => throw field.Get("behavior").Unexpected("Isolated, Removed, MergedWithPrevious or MergedWithNext"),
        };
        var literal = field.Get("pattern").Get("String");
        var expression = literal.IsMissing ? field.Get("pattern").Get("Regex") : literal;
        string text = expression.Text();
        try
        {
            return new SplitPreTokenizer(literal.IsMissing ? new SplitPattern(text) : SplitPattern.Literal(text), behavior);
        }
        catch (ArgumentException e)
        {
            throw new TokenizerException($"{field.File}: {expression.Path} is not a supported regular expression: {e.Message}", e);
        }
    }

    private static MetaspacePreTokenizer ReadMetaspace(JsonField field)
    {
        string replacement = field.Get("replacement").Text(fallback: "▁");
        if (replacement.Length != 1)
            throw field.Get("replacement").Unexpected("one character");
        var scheme = field.Get("prepend_scheme");
        // Older files say add_prefix_space instead.
        var prefix = scheme.Text(fallback: field.Get("add_prefix_space").Flag(fallback: true) ? "always" : "never") switch
        {
            "always" => MetaspacePrefix.Always,
            "first" => MetaspacePrefix.First,
            "never" => MetaspacePrefix.Never,
            _ => throw scheme.Unexpected("always, first or never"),
        };
        return new MetaspacePreTokenizer(replacement[0], prefix, field.Get("split").Flag(fallback: true));
    }
}
