namespace E3Scale.Evaluation.Report.Charts;

/// <summary>Kept layers over the steps of the search: a row per layer, filled where the mask keeps it.</summary>
internal sealed class MaskMap
{
    private const int MaxColumns = 500;

    public required IReadOnlyList<long> Steps { get; init; }

    /// <summary>Per step, 1 or 0 for every layer.</summary>
    public required IReadOnlyList<IReadOnlyList<int>> Kept { get; init; }

    public double Width { get; init; } = 1056;

    public void Draw(MarkupBuilder markup)
    {
        int layers = Kept[0].Count;
        double rowHeight = layers <= 32 ? 15 : 9;
        var frame = new ChartFrame(markup, Width, ChartFrame.Top + layers * rowHeight + ChartFrame.BottomMargin);
        int[] columns = [.. Enumerable.Range(0, Steps.Count).Where(column => column % Math.Max(1, (Steps.Count + MaxColumns - 1) / MaxColumns) == 0)];
        var x = LinearScale.Over([Steps[0], EndOf(columns.Length - 1)], ChartFrame.Left, frame.Right, round: false);
        ChartFrame.Legend(markup, [("kept", "kept"), ("dropped", "dropped")]);
        frame.Begin($"Which of {layers} layers the mask keeps, over the steps of the search");
        for (int layer = 0; layer < layers; layer++)
        {
            double top = ChartFrame.Top + layer * rowHeight;
            if (layers <= 32 || layer % 4 == 0)
                frame.Label($"{layer}", ChartFrame.Left - 8, top + rowHeight / 2 + 4, "end");
            for (int first = 0, next; first < columns.Length; first = next)
            {
                next = first + 1;
                while (next < columns.Length && KeptAt(next) == KeptAt(first))
                    next++;
                DrawRun(first, next);
            }

            int KeptAt(int column) => Kept[columns[column]][layer];

            void DrawRun(int first, int next)
            {
                double left = x.Map(Steps[columns[first]]), right = x.Map(next < columns.Length ? Steps[columns[next]] : EndOf(next - 1));
                string state = KeptAt(first) != 0 ? "kept" : "dropped";
                markup.Begin("rect", ("class", $"cell {state}"), ("x", left), ("y", top), ("width", right - left), ("height", rowHeight - 1));
                markup.Element("title", $"layer {layer}, {state} from step {Steps[columns[first]]} to {Steps[columns[next - 1]]}").End();
            }
        }
        frame.HorizontalTicks(x, x.Ticks(6));
        frame.AxisTitles("step of the search", "layer");
        markup.End();

        // A step lasts until the next one; the last is given the length of the one before it.
        double EndOf(int column) => Steps[columns[column]] + (column > 0 ? Steps[columns[column]] - Steps[columns[column - 1]] : 1);
    }
}
