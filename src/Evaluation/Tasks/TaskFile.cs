using System.Text.Json;

namespace E3Scale.Evaluation.Tasks;

/// <summary>Files of benchmark items: JSON Lines, one object a line, empty lines passed over.</summary>
internal static class TaskFile
{
    /// <summary>The first of some names that exists in a folder.</summary>
    /// <param name="folder">Folder of benchmark files.</param>
    /// <param name="names">Names in the order in which they are looked for.</param>
    /// <param name="task">For the message.</param>
    /// <exception cref="TaskException">There is none.</exception>
    public static string Find(string folder, IReadOnlyList<string> names, string task) =>
        names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new TaskException($"{folder}: no {string.Join(" or ", names)}, which the task {task} reads. Put the file there or leave the task out.");

    /// <summary>Reads all items of a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="TaskException">A line is no JSON object, or there is none.</exception>
    public static IReadOnlyList<TaskRecord> Read(string path)
    {
        var records = new List<TaskRecord>();
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            string place = $"{path}, line {number}";
            records.Add(new TaskRecord(Parse(line, place), place));
        }
        return records.Count > 0 ? records : throw new TaskException($"{path}: the file has no items.");
    }

    private static JsonElement Parse(string line, string place)
    {
        try
        {
            var element = JsonSerializer.Deserialize<JsonElement>(line);
            return element.ValueKind == JsonValueKind.Object ? element : throw new TaskException($"{place}: expected a JSON object, found {element.ValueKind}.");
        }
        catch (JsonException error)
        {
            throw new TaskException($"{place}: not JSON ({error.Message})");
        }
    }
}
