namespace E3Scale.Files;

/// <summary>Where files of a downloaded folder really are. Also compiled into E3Scale.MoE, which must not depend on this part.</summary>
/// <remarks>
/// Symbolic links may lead about inside their folder, or, in a snapshot of Hugging Face's download cache, to the <c>blobs</c> beside
/// <c>snapshots</c>. Any other link would let whoever made the folder have this program read its user's own files.
/// </remarks>
internal static class RealPath
{
    private const int MaxLinks = 40; // as Linux has it

    /// <summary>A path without symbolic links, those of folders on the way included, and as the system follows them.</summary>
    /// <param name="path">Need not exist.</param>
    /// <exception cref="IOException">The links lead in a circle.</exception>
    public static string Of(string path)
    {
        path = Path.GetFullPath(path);
        string real = Path.GetPathRoot(path)!;
        var left = new Stack<string>();
        Push(path[real.Length..]);
        for (int links = 0; left.TryPop(out string? name);)
        {
            if (name == "..")
                real = Path.GetDirectoryName(real) ?? real;
            if (name is "" or "." or "..")
                continue;
            string next = Path.Combine(real, name);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > MaxLinks)
                throw new IOException($"more than {MaxLinks} symbolic links, or links in a circle");
            if (Path.IsPathRooted(target))
                real = Path.GetPathRoot(target)!;
            Push(target[(Path.IsPathRooted(target) ? real.Length : 0)..]);
        }
        return real;

        void Push(string names)
        {
            foreach (string name in names.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).Reverse())
                left.Push(name);
        }
    }

    /// <summary>Whether a file may be read as one of a folder's.</summary>
    /// <param name="realFile">The file, from <see cref="Of"/>.</param>
    /// <param name="folder">The folder it was found in.</param>
    /// <exception cref="IOException">The links to the folder lead in a circle.</exception>
    public static bool BelongsTo(string realFile, string folder)
    {
        string root = Of(folder);
        return IsBelow(realFile, root) || (BlobsOf(root) is { } blobs && IsBelow(realFile, blobs));
    }

    private static string? BlobsOf(string root) =>
        Path.GetDirectoryName(root) is { } parent && Path.GetFileName(parent) == "snapshots"
            ? Path.Combine(Path.GetDirectoryName(parent)!, "blobs")
            : null;

    private static bool IsBelow(string path, string root) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
