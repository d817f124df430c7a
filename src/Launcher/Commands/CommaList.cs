using System.CommandLine.Parsing;

namespace E3Scale.Launcher.Commands;

/// <summary>Options that take several values with commas between.</summary>
internal static class CommaList
{
    /// <summary>The values of an option; a wrong one becomes an error of the command line.</summary>
    /// <param name="parsed">What stands on the command line.</param>
    /// <param name="parse">Makes one value.</param>
    public static T[] Read<T>(ArgumentResult parsed, Func<string, T> parse)
    {
        string text = string.Join(',', parsed.Tokens.Select(token => token.Value));
        try
        {
            return [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(parse)];
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            parsed.AddError($"'{text}' is not a list of numbers with commas between.");
            return [];
        }
    }
}
