using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace E3Scale.Data.Tokenizers;

/// <summary>Identity of a model's chat template: two models that share weights and vocabulary may still be spoken to differently.</summary>
public static class ChatTemplate
{
    private const string TemplateFile = "chat_template.jinja";
    private const string ConfigFile = "tokenizer_config.json";

    /// <summary>Hashes <c>chat_template.jinja</c>, or the field <c>chat_template</c> of <c>tokenizer_config.json</c>.</summary>
    /// <param name="modelFolder">Hugging Face folder of the model.</param>
    /// <returns>SHA-256 of the template's text, lower-case hexadecimal; null when the model has none.</returns>
    /// <exception cref="TokenizerException">A file cannot be read, or tokenizer_config.json is no JSON object.</exception>
    public static string? Hash(string modelFolder) => Read(modelFolder) is { } text
        ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))
        : null;

    private static string? Read(string modelFolder)
    {
        string template = Path.Combine(modelFolder, TemplateFile), config = Path.Combine(modelFolder, ConfigFile);
        if (File.Exists(template))
        {
            using var reader = new StreamReader(new MemoryStream(TokenizerFile.Read(template)));
            return reader.ReadToEnd();
        }
        using JsonDocument? json = JsonFile.OpenIfPresent(config);
        if (json is null)
            return null;
        var field = JsonField.Root(config, json).Get("chat_template");
        return field.IsMissing ? null : field.IsString ? field.Text() : field.RawText(); // raw: several templates, each with a name
    }
}
