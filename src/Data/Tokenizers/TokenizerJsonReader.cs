using System.Security.Cryptography;
using System.Text.Json;

namespace E3Scale.Data.Tokenizers;

/// <summary>Reads a Hugging Face tokenizer.json whose model is byte-pair encoding.</summary>
/// <remarks>What is not supported is refused by name: a tokenizer that is almost right gives wrong ids without any other sign.</remarks>
internal sealed class TokenizerJsonReader
{
    private const int MaxTemplateIds = 64; // before and after a text
    private const int MaxId = (1 << 24) - 1; // far above any vocabulary, so that a false id cannot ask for much memory

    private readonly JsonField _root;
    private readonly Dictionary<string, int> _vocabulary;
    private readonly List<AddedToken> _addedTokens;
    private readonly Dictionary<string, int> _idOfAddedToken = new(StringComparer.Ordinal);

    private TokenizerJsonReader(JsonField root)
    {
        _root = root;
        _vocabulary = ReadVocabulary(root.Get("model"));
        _addedTokens = ReadAddedTokens(root.Get("added_tokens"));
    }

    /// <summary>Reads the definition; begin, end and padding tokens stand in other files.</summary>
    public static TokenizerDefinition Read(string path)
    {
        using var document = JsonFile.Open(path);
        return new TokenizerJsonReader(JsonField.Root(path, document)).Define(CanonicalHash(document));
    }

    private TokenizerDefinition Define(string hash)
    {
        var preTokenizers = PreTokenizerReader.Read(_root.Get("pre_tokenizer"));
        var merges = ReadMerges(_root.Get("model"));
        if (preTokenizers.Count == 0 && IndependentWordPreTokenizer.For(_vocabulary, merges) is { } words)
            preTokenizers.Add(words);
        var (prefix, suffix) = ReadTemplate(_root.Get("post_processor"));
        return new TokenizerDefinition
        {
            File = _root.File,
            Hash = hash,
            Vocabulary = _vocabulary,
            Merges = merges,
            Model = ReadModelOptions(_root.Get("model"), preTokenizers.Any(p => p is ByteLevelPreTokenizer)),
            AddedTokens = _addedTokens,
            Normalizers = NormalizerReader.Read(_root.Get("normalizer")),
            PreTokenizers = preTokenizers,
            Decoding = DecoderReader.Read(_root.Get("decoder")),
            PrefixIds = prefix,
            SuffixIds = suffix,
        };
    }

    /// <summary>The hash of the file written again without white space.</summary>
    private static string CanonicalHash(JsonDocument document)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
            document.RootElement.WriteTo(writer);
        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }

    private static Dictionary<string, int> ReadVocabulary(JsonField model)
    {
        var type = model.Get("type");
        if (type.Text(fallback: "BPE") != "BPE") // files of the first library versions leave the type out
            throw type.Unexpected("\"BPE\", the only kind of model supported");
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new HashSet<int>();
        foreach (var (token, id) in model.Get("vocab").Properties())
        {
            int value = id.Integer(0, MaxId);
            if (!taken.Add(value))
                throw id.Unexpected("an id that no other token has");
            vocabulary.Add(token, value);
        }
        if (vocabulary.Count == 0)
            throw model.Get("vocab").Unexpected("at least one token");
        return vocabulary;
    }

    private List<BytePairMerge> ReadMerges(JsonField model)
    {
        var merges = new List<BytePairMerge>();
        foreach (var item in model.Get("merges").Items())
        {
            string[] sides = item.IsString ? item.Text().Split(' ') : [.. item.Items().Select(side => side.Text())];
            if (sides.Length != 2)
                throw item.Unexpected("two tokens");
            if (!_vocabulary.TryGetValue(sides[0], out int left) || !_vocabulary.TryGetValue(sides[1], out int right)
                || !_vocabulary.TryGetValue(sides[0] + sides[1], out int merged))
                throw item.Unexpected("two tokens that are in model.vocab, as is what they give together");
            merges.Add(new BytePairMerge(left, right, merged, merges.Count));
        }
        return merges;
    }

    private BytePairOptions ReadModelOptions(JsonField model, bool isByteLevel)
    {
        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (model.Get(affix).Text(fallback: "").Length > 0)
                throw model.Get(affix).Unexpected("null or an empty string");
        if (!model.Get("dropout").IsMissing)
            throw model.Get("dropout").Unexpected("null: encoding must not be random");
        var unknown = model.Get("unk_token");
        return new BytePairOptions
        {
            IsByteLevel = isByteLevel,
            HasByteFallback = model.Get("byte_fallback").Flag(fallback: false),
            UnknownId = unknown.IsMissing ? null : IdOf(unknown),
            FusesUnknown = model.Get("fuse_unk").Flag(fallback: false),
            IgnoreMerges = model.Get("ignore_merges").Flag(fallback: false),
        };
    }

    private List<AddedToken> ReadAddedTokens(JsonField field)
    {
        var tokens = new List<AddedToken>();
        if (field.IsMissing)
            return tokens;
        foreach (var item in field.Items())
        {
            bool isSpecial = item.Get("special").Flag(fallback: false);
            var token = new AddedToken(
                item.Get("id").Integer(0, MaxId),
                item.Get("content").Text(),
                isSpecial,
                item.Get("normalized").Flag(fallback: !isSpecial),
                item.Get("lstrip").Flag(fallback: false),
                item.Get("rstrip").Flag(fallback: false),
                item.Get("single_word").Flag(fallback: false));
            if (token.Content.Length == 0)
                throw item.Get("content").Unexpected("at least one character");
            if (_vocabulary.TryGetValue(token.Content, out int id) && id != token.Id)
                throw item.Get("id").Unexpected($"{id}, the id that model.vocab gives this token");
            tokens.Add(token);
            _idOfAddedToken.TryAdd(token.Content, token.Id);
        }
        return tokens;
    }

    private int IdOf(JsonField field)
    {
        string token = field.Text();
        if (_idOfAddedToken.TryGetValue(token, out int added))
            return added;
        return _vocabulary.TryGetValue(token, out int id) ? id : throw field.Unexpected("a token of model.vocab or added_tokens");
    }

    /// <summary>The ids that the post-processor puts before and after a single text.</summary>
    private (IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix) ReadTemplate(JsonField field)
    {
        List<int> prefix = [];
        List<int> suffix = [];
        if (field.IsMissing)
            return (prefix, suffix);
        string type = field.Get("type").Text();
        switch (type)
        {
            case "ByteLevel": // changes offsets only
                return (prefix, suffix);
            case "Sequence":
                foreach (var processor in field.Get("processors").Items())
                {
                    var (before, after) = ReadTemplate(processor);
                    prefix.InsertRange(0, before);
                    suffix.AddRange(after);
                    CheckTemplate(processor, prefix, suffix);
                }
                return (prefix, suffix);
            case "TemplateProcessing":
                bool isPastText = false;
                foreach (var item in field.Get("single").Items())
                {
                    if (!item.Get("Sequence").IsMissing)
                        isPastText = true;
                    else
                        (isPastText ? suffix : prefix).Add(IdOf(item.Get("SpecialToken").Get("id")));
                    CheckTemplate(item, prefix, suffix);
                }
                return (prefix, suffix);
            default:
                throw field.Get("type").Unexpected("TemplateProcessing, ByteLevel or Sequence");
        }
    }

    private static void CheckTemplate(JsonField field, List<int> prefix, List<int> suffix)
    {
        if (prefix.Count + suffix.Count > MaxTemplateIds)
            throw field.Unexpected($"at most {MaxTemplateIds} special tokens around a text");
    }
}
