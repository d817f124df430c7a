using System.Globalization;
using System.Text;
using System.Text.Json;

namespace E3Scale.TestSupport.Fuzzing;

/// <summary>
/// Changes what a JSON file says: values replaced by hostile ones, numbers moved, values swapped, properties doubled, removed and renamed,
/// deep nesting. What comes out is mostly JSON still, so that readers get past its syntax.
/// </summary>
internal static class JsonMutator
{
    private static readonly string[] s_hostile =
    [
        "null", "true", "{}", "[]", "[0,0]", "\"\"", "-1", "0", "1.5", "1e999", "-1e999", "1e-400", "NaN", "Infinity", "2147483648", "4294967296",
        "9223372036854775807", "-9223372036854775808", "18446744073709551616", "\"\\ud800\"", "\"\\u0000\"", "\"..\"", "\"../secret.safetensors\"",
        "\"/etc/passwd\"", "\"a/../../secret.safetensors\"", "\"pytorch_model.bin\"", "\"NaN\"", "\"(\"", "\"(a+)+$\"",
    ];

    /// <summary>One to three mutations.</summary>
    /// <param name="json">A JSON file.</param>
    /// <param name="random">Decides.</param>
    public static byte[] Mutate(byte[] json, Random random)
    {
        for (int left = random.Next(1, 4); left > 0; left--)
        {
            if (Scan(json) is not { } values)
                break;
            json = Once(json, values, random);
        }
        return json;
    }

    private static byte[] Once(byte[] json, IReadOnlyList<Value> values, Random random)
    {
        var (value, other) = (values[random.Next(values.Count)], values[random.Next(values.Count)]);
        string text = value.TextIn(json), hostile = s_hostile[random.Next(s_hostile.Length)];
        switch (random.Next(8))
        {
            case 0:
                return Replace(json, value.Start, value.End, hostile);
            case 1:
                return Replace(json, value.Start, value.End, NumberNear(text, random));
            case 2:
                return Replace(json, value.Start, value.End, other.TextIn(json));
            case 3 when value.KeyStart >= 0: // the same key once more
                return Replace(json, value.End, value.End, $",{value.KeyIn(json)}:{(random.Next(2) == 0 ? text : hostile)}");
            case 4 when other.KeyStart >= 0 && value.KeyStart >= 0: // under another's name
                return Replace(json, value.KeyStart, value.KeyEnd, other.KeyIn(json));
            case 5 when value.KeyStart >= 0: // missing to those who look for it
                return Replace(json, value.KeyStart, value.KeyEnd, $"\"{(char)random.Next('a', 'z')}{random.Next()}\"");
            case 6:
                int depth = 1 << random.Next(12);
                return Replace(json, value.Start, value.End, new string('[', depth) + text + new string(']', random.Next(8) == 0 ? 0 : depth));
            default:
                return ByteMutator.Mutate(json, random);
        }
    }

    /// <summary>A number not far from the one there, or from its limits.</summary>
    private static string NumberNear(string text, Random random)
    {
        if (!long.TryParse(text, CultureInfo.InvariantCulture, out long number))
            return random.Next(-8, 64).ToString(CultureInfo.InvariantCulture);
        Int128 changed = random.Next(6) switch
        {
            0 => (Int128)number + random.Next(-8, 9),
            1 => -(Int128)number,
            2 => (Int128)number * random.Next(2, 9),
            3 => (Int128)number + ((Int128)1 << random.Next(8, 65)),
            4 => (Int128)number << random.Next(1, 60),
            _ => number / random.Next(2, 9),
        };
        return changed.ToString(CultureInfo.InvariantCulture);
    }

    private static byte[] Replace(byte[] json, int start, int end, string text) =>
        [.. json.AsSpan(0, start), .. Encoding.UTF8.GetBytes(text), .. json.AsSpan(end)];

    /// <summary>Every value, or null when this is no JSON any more.</summary>
    private static List<Value>? Scan(byte[] json)
    {
        var values = new List<Value>();
        var open = new Stack<Value>();
        var key = (Start: -1, End: -1);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 128 });
        try
        {
            while (reader.Read())
            {
                var (start, end) = ((int)reader.TokenStartIndex, (int)reader.BytesConsumed);
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        // The colon was consumed too.
                        key = (start, start + json.AsSpan(start, end - start).LastIndexOf((byte)'"') + 1);
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push(new Value(start, end, key.Start, key.End));
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        values.Add(open.Pop() with { End = end });
                        break;
                    default:
                        values.Add(new Value(start, end, key.Start, key.End));
                        break;
                }
                key = (-1, -1);
            }
        }
        catch (JsonException)
        {
            return null;
        }
        return values.Count > 0 ? values : null;
    }

    private readonly record struct Value(int Start, int End, int KeyStart, int KeyEnd)
    {
        public string TextIn(byte[] json) => Encoding.UTF8.GetString(json.AsSpan(Start..End));

        public string KeyIn(byte[] json) => Encoding.UTF8.GetString(json.AsSpan(KeyStart..KeyEnd));
    }
}
