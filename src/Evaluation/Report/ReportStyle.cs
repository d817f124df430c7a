namespace E3Scale.Evaluation.Report;

/// <summary>The style sheet of the report: light and dark by the reader's setting, always light on paper.</summary>
internal static class ReportStyle
{
    /// <summary>Classes s0, s1, ... for lines that have no meaning of their own: Okabe and Ito's colours, told apart by most eyes.</summary>
    public const int SeriesColours = 8;

    public const string Css = """

        :root { color-scheme: light dark; --page: #f5f5f2; --card: #ffffff; --ink: #1c1d20; --muted: #5d6169; --line: #e2e2dc;
          --kept: #a9c8ea; --teacher: #70757e; --student: #2467b3; --dropped: #d4691a; --good: #1d7a46; }
        @media (prefers-color-scheme: dark) { :root { --page: #131416; --card: #1c1e21; --ink: #ececea; --muted: #a5a9b0; --line: #34373c;
          --kept: #31557f; --teacher: #9a9fa8; --student: #6ba8ee; --dropped: #f09750; --good: #62c08a; } }
        @media print { :root { color-scheme: light; --page: #ffffff; --card: #ffffff; --ink: #000000; --muted: #4a4a4a; --line: #d5d5d5;
          --kept: #a9c8ea; --teacher: #70757e; --student: #2467b3; --dropped: #d4691a; --good: #1d7a46; }
          section, figure, tr { break-inside: avoid; } section { border: none !important; padding: 0 !important; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
        main { max-width: 1140px; margin: 0 auto; padding: 28px 20px 60px; }
        h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 0 0 10px; } h3 { font-size: 14px; margin: 0 0 6px; }
        p { margin: 0 0 10px; max-width: 78ch; } .muted, figcaption { color: var(--muted); } figcaption { font-size: 13px; margin-top: 4px; max-width: 90ch; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 20px 22px; margin-top: 18px; }
        .note { border-left: 3px solid var(--dropped); padding-left: 10px; color: var(--muted); }
        .tiles { display: flex; flex-wrap: wrap; gap: 14px 40px; margin: 4px 0 18px; }
        .tile b { display: block; font-size: 23px; line-height: 1.3; font-weight: 600; white-space: nowrap; } .tile span { color: var(--muted); font-size: 13px; }
        .pair { margin-bottom: 18px; display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 22px 18px; }
        figure { margin: 0 0 18px; min-width: 0; } figure:last-child, .pair:last-child, .pair figure { margin-bottom: 0; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
        th { color: var(--muted); font-weight: 500; font-size: 13px; line-height: 1.3; vertical-align: bottom; white-space: normal; } tbody tr:last-child td { border-bottom: none; }
        th:first-child, td:first-child { text-align: left; } tr.strong td { font-weight: 600; }
        table.facts { width: auto; } table.facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
        pre { margin: 0; font: 12.5px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
        li { max-width: 90ch; margin-bottom: 5px; }
        svg { display: block; width: 100%; height: auto; } svg text { fill: var(--muted); font-size: 12px; }
        svg .value { fill: var(--ink); font-weight: 600; font-size: 13px; } svg .mark-text { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
        .grid { stroke: var(--line); } .axis { stroke: var(--muted); } .mark { stroke: var(--muted); stroke-dasharray: 3 3; }
        .brace { stroke: var(--muted); fill: none; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .line:hover { stroke-width: 4; }
        .line.teacher { stroke: var(--teacher); } .line.student { stroke: var(--student); } .line.dropped { stroke: var(--dropped); }
        .line.kept { stroke: var(--student); stroke-width: 1.2; opacity: .5; } .line.kept:hover { opacity: 1; stroke-width: 3; }
        .hover { fill: transparent; } .hover:hover.student { fill: var(--student); } .hover:hover.dropped { fill: var(--dropped); }
        .hover:hover.teacher { fill: var(--teacher); }
        .bar.kept, .cell.kept { fill: var(--kept); } .bar.dropped, .cell.dropped { fill: var(--dropped); } .bar.student { fill: var(--student); }
        .bar.teacher, .bar.protected { fill: var(--teacher); }
        .cell.gone { fill: none; stroke: var(--dropped); stroke-width: 1.5; } .cross { stroke: var(--dropped); stroke-width: 2; stroke-linecap: round; fill: none; }
        .cell:hover, .bar:hover { opacity: .75; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 6px; font-size: 13px; color: var(--muted); }
        .swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; background: var(--student); }
        .swatch.kept { background: var(--kept); } .swatch.dropped { background: var(--dropped); } .swatch.teacher, .swatch.protected { background: var(--teacher); }
        .line.s0 { stroke: #0072b2; } .swatch.s0 { background: #0072b2; } .line.s1 { stroke: #d55e00; } .swatch.s1 { background: #d55e00; } .line.s2 { stroke: #009e73; } .swatch.s2 { background: #009e73; } .line.s3 { stroke: #cc79a7; } .swatch.s3 { background: #cc79a7; }
        .line.s4 { stroke: #e69f00; } .swatch.s4 { background: #e69f00; } .line.s5 { stroke: #56b4e9; } .swatch.s5 { background: #56b4e9; } .line.s6 { stroke: #8c6d31; } .swatch.s6 { background: #8c6d31; } .line.s7 { stroke: #7a7a7a; } .swatch.s7 { background: #7a7a7a; }
        footer { color: var(--muted); font-size: 13px; margin-top: 18px; }

        """;
}
