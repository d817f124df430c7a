using System.Globalization;

namespace E3Scale.Launcher.Recipes;

/// <summary>Sizes as people write them: 5GB, 512MiB, 1000000.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, double Bytes)[] s_units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1), ("", 1),
    ];

    /// <summary>A size for people, with decimal units: 8.3 MB.</summary>
    /// <param name="bytes">The size.</param>
    public static string Format(long bytes)
    {
        string[] units = ["bytes", "KB", "MB", "GB", "TB"];
        int unit = 0;
        double size = bytes;
        for (; size >= 1000 && unit < units.Length - 1; unit++)
            size /= 1000;
        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? size : Math.Round(size, 1))} {units[unit]}");
    }

    /// <summary>What messages call the form.</summary>
    public const string Expected = "a size such as 5GB, 512MiB or 1000000";

    /// <summary>Bytes of a size, or null when the text is none or is below one byte.</summary>
    /// <param name="text">A number, which may have a unit behind it; upper and lower case are the same.</param>
    public static long? Parse(string text)
    {
        (string unit, double bytes) = s_units.First(unit => text.EndsWith(unit.Unit, StringComparison.OrdinalIgnoreCase));
        string number = text[..^unit.Length].TrimEnd();
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count) && count * bytes is >= 1 and < long.MaxValue
            ? (long)(count * bytes)
            : null;
    }
}
