using System.Runtime.InteropServices;
using E3Scale.MoE;

namespace E3Scale.Sharding;

/// <summary>The tensors of all parts of a checkpoint, found by parameter and element, however they were cut.</summary>
internal sealed class CheckpointParts : IDisposable
{
    private readonly string _folder;
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, List<(long Start, long Count, SafetensorsFile File, TensorEntry Entry)>> _pieces = new(StringComparer.Ordinal);

    /// <summary>Opens the files; reads their headers only.</summary>
    /// <exception cref="CheckpointException">A file is damaged.</exception>
    public CheckpointParts(string folder, IEnumerable<string> files)
    {
        _folder = folder;
        try
        {
            foreach (string name in files)
            {
                var file = SafetensorsFile.Open(Path.Combine(folder, name));
                _files.Add(file);
                foreach (var entry in file.Entries)
                    Add(file, entry);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
        foreach (var pieces in _pieces.Values)
            pieces.Sort((a, b) => a.Start.CompareTo(b.Start));
    }

    /// <summary>Whether there is anything of a parameter.</summary>
    /// <param name="prefix">Which of its values.</param>
    /// <param name="parameter">The parameter.</param>
    public bool Contains(string prefix, ModelParameter parameter) => _pieces.ContainsKey(prefix + parameter.Name);

    /// <summary>Reads elements of a parameter.</summary>
    /// <param name="prefix">Which of its values.</param>
    /// <param name="piece">The parameter, and which elements.</param>
    /// <param name="target">Receives them.</param>
    /// <exception cref="CheckpointException">The checkpoint does not hold the parameter, or not in this size.</exception>
    public void Read(string prefix, StatePiece piece, Span<float> target)
    {
        string name = prefix + piece.Parameter.Name;
        if (!_pieces.TryGetValue(name, out var held))
            throw new CheckpointException($"{_folder}: no file holds '{name}'. The checkpoint is of another recipe; delete it to start anew.");
        long next = 0, expected = piece.Parameter.Value.numel();
        foreach (var (start, count, _, _) in held)
            next = start == next ? next + count : throw Bad(name, $"misses elements from {next} on");
        if (next != expected)
            throw Bad(name, $"has {4 * next} bytes of F32, expected {4 * expected} of F32");
        foreach (var (start, count, file, entry) in held)
        {
            long from = Math.Max(start, piece.Start), end = Math.Min(start + count, piece.Start + piece.Count);
            if (from < end)
                file.Read(entry, 4 * (from - start), MemoryMarshal.AsBytes(target.Slice((int)(from - piece.Start), (int)(end - from))));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void Add(SafetensorsFile file, TensorEntry entry)
    {
        var (name, start) = CheckpointNames.Split(entry.Name);
        if (entry.Type != SafetensorsType.F32)
            throw new CheckpointException($"{file.Path}: '{entry.Name}' is {entry.Type}, expected F32. The checkpoint is damaged; delete its folder.");
        if (!_pieces.TryGetValue(name, out var pieces))
            _pieces.Add(name, pieces = []);
        pieces.Add((start, entry.ByteCount / 4, file, entry));
    }

    private CheckpointException Bad(string name, string what) =>
        new($"{_folder}: '{name}' {what}. The checkpoint is of another recipe; delete it to start anew.");
}
