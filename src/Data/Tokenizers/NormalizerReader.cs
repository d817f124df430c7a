using E3Scale.Data.Tokenizers.Unicode;

namespace E3Scale.Data.Tokenizers;

/// <summary>Reads the <c>normalizer</c> of a tokenizer.json.</summary>
internal static class NormalizerReader
{
    private const int MaxNormalizers = 32;
    private const int MaxInserted = 64; // characters; bounds how much longer one step makes a text

    public static List<ITextNormalizer> Read(JsonField field)
    {
        var normalizers = new List<ITextNormalizer>();
        if (!field.IsMissing)
            Append(field, normalizers);
        return normalizers;
    }

    private static void Append(JsonField field, List<ITextNormalizer> normalizers)
    {
        if (normalizers.Count == MaxNormalizers)
            throw field.Unexpected($"at most {MaxNormalizers} normalizers");
        switch (field.Get("type").Text())
        {
            case "Sequence":
                foreach (var item in field.Get("normalizers").Items())
                    Append(item, normalizers);
                break;
            case "NFC":
                normalizers.Add(new ComposedFormNormalizer());
                break;
            case "Prepend":
                normalizers.Add(new PrependNormalizer(Inserted(field.Get("prepend"))));
                break;
            case "Replace":
                string pattern = field.Get("pattern").Get("String").Text();
                if (pattern.Length == 0)
                    throw field.Get("pattern").Unexpected("a string that is not empty");
                normalizers.Add(new ReplaceNormalizer(pattern, Inserted(field.Get("content"))));
                break;
            default:
                throw field.Get("type").Unexpected("Sequence, NFC, Prepend or Replace");
        }
    }

    private static string Inserted(JsonField field) =>
        field.Text() is { Length: <= MaxInserted } text ? text : throw field.Unexpected($"at most {MaxInserted} characters");
}
