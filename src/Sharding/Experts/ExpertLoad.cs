using System.Text.Json.Serialization;
using E3Scale.MoE;
using E3Scale.Mpi;

namespace E3Scale.Sharding;

/// <summary>
/// What the routers of a model decided, over all ranks and micro-batches since the counts were last cleared: which experts tokens went to,
/// over how many groups, ranks and nodes, and how evenly ranks were loaded. Written as expert-load.json (docs/formats/expert-load.md).
/// </summary>
public sealed record ExpertLoad
{
    /// <summary>Name of the file that the capture leaves in the store's folder.</summary>
    public const string FileName = "expert-load.json";

    private const int Counters = 5;

    /// <summary>Tokens that were counted, those of every data rank.</summary>
    [JsonPropertyName("tokens")]
    public required long Tokens { get; init; }

    /// <summary>By MoE layer, the rows (tokens) that each routed expert got.</summary>
    [JsonPropertyName("rows_per_expert")]
    public required SortedDictionary<int, long[]> RowsPerExpert { get; init; }

    /// <summary>By MoE layer, the rows that each rank of the expert groups computed; all groups together.</summary>
    [JsonPropertyName("rows_per_rank")]
    public required SortedDictionary<int, long[]> RowsPerRank { get; init; }

    /// <summary>Rows that went to another rank and back, over all layers.</summary>
    [JsonPropertyName("rows_sent")]
    public required long RowsSent { get; init; }

    /// <summary>Expert groups (DeepSeek-V3's nodes) of a token, mean over tokens and layers.</summary>
    [JsonPropertyName("groups_per_token")]
    public required double GroupsPerToken { get; init; }

    /// <summary>Expert ranks of a token, mean over tokens and layers.</summary>
    [JsonPropertyName("ranks_per_token")]
    public required double RanksPerToken { get; init; }

    /// <summary>Nodes of a token, mean over tokens and layers.</summary>
    [JsonPropertyName("nodes_per_token")]
    public required double NodesPerToken { get; init; }

    /// <summary>Rows of the most loaded expert over the mean, in the layer where this is worst; 1 is even.</summary>
    [JsonIgnore]
    public double ExpertImbalance => Imbalance(RowsPerExpert);

    /// <summary>Rows of the most loaded rank over the mean, in the layer where this is worst; 1 is even.</summary>
    [JsonIgnore]
    public double RankImbalance => Imbalance(RowsPerRank);

    /// <summary>Starts counting anew on this rank.</summary>
    /// <param name="decoder">This rank's part of the model.</param>
    public static void Clear(Decoder decoder)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        foreach (var layer in decoder.Layers)
            layer.ClearExpertLoad();
    }

    /// <summary>Adds up the counts of all ranks; they go on counting. Collective over the world.</summary>
    /// <param name="model">The model.</param>
    /// <returns>The same on every rank; null for a model without experts.</returns>
    public static ExpertLoad? Collect(ShardedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Config.Moe is not { } moe)
            return null;
        int[] layers = [.. Enumerable.Range(0, model.Config.LayerCount).Where(model.Config.HasExperts)];
        int experts = moe.RoutedExpertCount, ranks = model.Mesh.Shape.Expert, width = experts + ranks + Counters;
        var counts = new long[layers.Length * width];
        foreach (var layer in model.Decoder.Layers)
            if (layer.Routing is { } routing)
            {
                var row = counts.AsSpan(Array.IndexOf(layers, layer.Index) * width, width);
                routing.RowsPerExpert.CopyTo(row);
                row[experts + model.Mesh.ExpertRank] = routing.RowsComputed;
                ReadOnlySpan<long> counters = [routing.Tokens, routing.RowsSent, routing.GroupVisits, routing.RankVisits, routing.NodeVisits];
                counters.CopyTo(row[(experts + ranks)..]);
            }
        model.Mesh.World.AllReduce<long>(counts, ReduceOperation.Sum);

        var rows = layers.Select((layer, i) => (layer, Counts: counts.AsMemory(i * width, width))).Where(row => row.Counts.Span[experts + ranks] > 0).ToList();
        double Mean(int counter) => rows.Count == 0 ? 0 : rows.Average(row => (double)row.Counts.Span[experts + ranks + counter] / row.Counts.Span[experts + ranks]);
        return new ExpertLoad
        {
            Tokens = rows.Count == 0 ? 0 : rows.Max(row => row.Counts.Span[experts + ranks]),
            RowsPerExpert = new(rows.ToDictionary(row => row.layer, row => row.Counts[..experts].ToArray())),
            RowsPerRank = new(rows.ToDictionary(row => row.layer, row => row.Counts.Slice(experts, ranks).ToArray())),
            RowsSent = rows.Sum(row => row.Counts.Span[experts + ranks + 1]),
            GroupsPerToken = Mean(2),
            RanksPerToken = Mean(3),
            NodesPerToken = Mean(4),
        };
    }

    private static double Imbalance(SortedDictionary<int, long[]> layers) =>
        layers.Values.Select(rows => rows.Max() / rows.Average()).DefaultIfEmpty(1).Max();
}
