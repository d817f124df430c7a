using System.Text.Json.Nodes;

namespace E3Scale.MoE;

/// <summary>What an export's smaller types changed, by kind of weight; summed over ranks through a note that each leaves beside its files.</summary>
public sealed class ExportRounding
{
    private const int MaxNoteBytes = 1 << 16;
    private readonly SortedDictionary<WeightKind, RoundingError> _byKind = [];

    internal ExportRounding()
    {
    }

    /// <summary>All weights that were rounded.</summary>
    public RoundingError Total { get; } = new();

    /// <summary>The same by kind, without kinds that lost nothing.</summary>
    public IReadOnlyDictionary<WeightKind, RoundingError> ByKind => _byKind;

    /// <summary>Counts one weight; nothing when it lost nothing.</summary>
    /// <param name="kind">What it is part of; null counts for the total alone.</param>
    /// <param name="error">What rounding it changed.</param>
    internal void Add(WeightKind? kind, RoundingError error)
    {
        if (error.Largest == 0)
            return;
        Total.Add(error.SquaredError, error.SquaredNorm, error.Largest);
        if (kind is { } known)
            OfKind(known).Add(error.SquaredError, error.SquaredNorm, error.Largest);
    }

    /// <summary>As pruning.json has it; null when no weight lost anything.</summary>
    internal JsonObject? ToJson()
    {
        if (Total.Largest == 0)
            return null;
        JsonObject json = Figures(Total);
        json["by_kind"] = new JsonObject(_byKind.Select(kind => KeyValuePair.Create(NameOf(kind.Key), (JsonNode?)Figures(kind.Value))));
        return json;
    }

    /// <summary>Leaves this rank's sums in a file.</summary>
    internal void WriteNote(string path) => CheckpointJson.Write(path, new JsonObject
    {
        ["total"] = Sums(Total),
        ["by_kind"] = new JsonObject(_byKind.Select(kind => KeyValuePair.Create(kind.Key.ToString(), (JsonNode?)Sums(kind.Value)))),
    });

    /// <summary>Adds the sums that a rank left in a file.</summary>
    internal void AddNote(string path)
    {
        (_, JsonObject note) = CheckpointJson.ReadObject(path, MaxNoteBytes);
        AddSums(Total, note["total"]!);
        foreach ((string kind, JsonNode? sums) in note["by_kind"]!.AsObject())
            AddSums(OfKind(Enum.Parse<WeightKind>(kind)), sums!);
    }

    private RoundingError OfKind(WeightKind kind)
    {
        if (!_byKind.TryGetValue(kind, out RoundingError? error))
            _byKind.Add(kind, error = new RoundingError());
        return error;
    }

    private static JsonObject Figures(RoundingError error) => new() { ["relative_rms"] = error.RelativeRms, ["largest"] = error.Largest };

    private static JsonArray Sums(RoundingError error) => new(error.SquaredError, error.SquaredNorm, error.Largest);

    private static void AddSums(RoundingError error, JsonNode sums) =>
        error.Add(sums[0]!.GetValue<double>(), sums[1]!.GetValue<double>(), sums[2]!.GetValue<double>());

    private static string NameOf(WeightKind kind) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
