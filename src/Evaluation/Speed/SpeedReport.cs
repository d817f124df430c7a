using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace E3Scale.Evaluation.Speed;

/// <summary>Speed before and after pruning.</summary>
public sealed record SpeedReport
{
    /// <summary>Layers before, L.</summary>
    [JsonPropertyName("layers_before")]
    public required int LayersBefore { get; init; }

    /// <summary>Layers after, L'.</summary>
    [JsonPropertyName("layers_after")]
    public required int LayersAfter { get; init; }

    /// <summary>Tokens of a prompt.</summary>
    [JsonPropertyName("prompt_tokens")]
    public required int PromptTokens { get; init; }

    /// <summary>Tokens that were generated.</summary>
    [JsonPropertyName("new_tokens")]
    public required int NewTokens { get; init; }

    /// <summary>Generations of each model and batch size.</summary>
    [JsonPropertyName("rounds")]
    public required int Rounds { get; init; }

    /// <summary>By batch size.</summary>
    [JsonPropertyName("rows")]
    public required IReadOnlyList<SpeedRow> Rows { get; init; }

    /// <summary>L / L': the ratio of the layers' time if all layers cost the same and nothing else.</summary>
    [JsonPropertyName("ideal_ratio")]
    public double IdealRatio => (double)LayersBefore / LayersAfter;

    /// <summary>A Markdown table shaped as the paper's, with the layers' own ratios beside the ideal one.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{LayersBefore} layers before, {LayersAfter} after: L / L' = {IdealRatio:0.000}. ");
        text.Append(CultureInfo.InvariantCulture, $"Prompts of {PromptTokens} tokens, {NewTokens} generated, {Rounds} rounds; times in ms, medians; ratios before / after.\n\n");
        text.Append("| batch | TTFT before | after | ratio | TPOT before | after | ratio | layers, prefill | of ideal | layers, decode | of ideal |\n");
        text.Append("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (SpeedRow row in Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Batch} | {row.Before.FirstToken:0.0} | {row.After.FirstToken:0.0} | {row.FirstTokenRatio:0.000} | ");
            text.Append(CultureInfo.InvariantCulture, $"{row.Before.PerToken:0.00} | {row.After.PerToken:0.00} | {row.PerTokenRatio:0.000} | ");
            text.Append(CultureInfo.InvariantCulture, $"{row.PrefillBlocksRatio:0.000} | {row.PrefillBlocksRatio / IdealRatio:0.0%} | ");
            text.Append(CultureInfo.InvariantCulture, $"{row.DecodeBlocksRatio:0.000} | {row.DecodeBlocksRatio / IdealRatio:0.0%} |\n");
        }
        return text.ToString();
    }

    /// <summary>The same figures and more, comma-separated, with a header line.</summary>
    public string ToCsv()
    {
        var text = new StringBuilder(
            "batch,ttft_before_ms,ttft_after_ms,ttft_ratio,tpot_before_ms,tpot_after_ms,tpot_ratio,itl_p99_before_ms,itl_p99_after_ms," +
            "prefill_blocks_before_ms,prefill_blocks_after_ms,prefill_blocks_ratio,decode_blocks_before_ms,decode_blocks_after_ms,decode_blocks_ratio,ideal_ratio\n");
        foreach (SpeedRow row in Rows)
        {
            var (before, after) = (row.Before, row.After);
            double[] values =
            [
                row.Batch, before.FirstToken, after.FirstToken, row.FirstTokenRatio, before.PerToken, after.PerToken, row.PerTokenRatio,
                before.GapP99, after.GapP99, before.PrefillBlocks, after.PrefillBlocks, row.PrefillBlocksRatio,
                before.DecodeBlocks, after.DecodeBlocks, row.DecodeBlocksRatio, IdealRatio,
            ];
            text.AppendJoin(',', values.Select(value => value.ToString("0.####", CultureInfo.InvariantCulture))).Append('\n');
        }
        return text.ToString();
    }
}
