using System.CommandLine;
using System.Diagnostics;
using E3Scale.Data.Corpora;
using E3Scale.Data.Tokenizers;
using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Ranks;

namespace E3Scale.Launcher.Commands;

/// <summary><c>e3scale tokenize</c>: token ids for the texts of a JSONL file, or the texts for their ids.</summary>
internal sealed class TokenizeCommand
{
    private readonly Option<string> _tokenizer = new("--tokenizer")
    {
        Description = "Folder with tokenizer.json or tokenizer.model.",
        Required = true,
    };

    private readonly Option<string> _input = new("--input") { Description = "JSONL file, which may end in .gz or .zst.", Required = true };
    private readonly Option<string> _output = new("--output") { Description = "JSONL file to write.", Required = true };
    private readonly Option<bool> _decode = new("--decode") { Description = "The way back: objects with ids in, the same objects with text out." };
    private readonly Option<bool> _addSpecial = new("--add-special-tokens")
    {
        Description = "Adds what the tokenizer puts around a text, usually the begin token.",
    };

    private readonly Option<string> _controlTokens = CreateControlTokens();
    private readonly Option<bool> _skipSpecial = new("--skip-special-tokens") { Description = "With --decode: leaves special tokens out." };
    private readonly Option<string> _textField = new("--text-field") { Description = "Field of the text.", DefaultValueFactory = _ => "text" };
    private readonly Option<int> _maxBadLines = new("--max-bad-lines") { Description = "Bad lines left out before the command fails." };
    private readonly Option<int> _threads = new("--threads")
    {
        Description = "Threads; default: all processors.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var tokenize = new TokenizeCommand();
        var command = new Command("tokenize", "Adds token ids to the objects of a JSONL file, or turns ids into text.")
        {
            tokenize._tokenizer,
            tokenize._input,
            tokenize._output,
            tokenize._decode,
            tokenize._addSpecial,
            tokenize._controlTokens,
            tokenize._skipSpecial,
            tokenize._textField,
            tokenize._maxBadLines,
            tokenize._threads,
        };
        command.SetAction(tokenize.Run);
        return command;
    }

    private static Option<string> CreateControlTokens()
    {
        var option = new Option<string>("--control-tokens")
        {
            Description = "Control tokens written out in a text are their ids (read) or text like any other (text). auto: as the tokenizer's "
                + "own library does, which is text for a folder with a SentencePiece tokenizer.model and read for all others.",
            DefaultValueFactory = _ => "auto",
        };
        option.AcceptOnlyFromAmong("auto", "read", "text");
        return option;
    }

    private int Run(ParseResult parsed)
    {
        string folder = parsed.GetRequiredValue(_tokenizer);
        string input = parsed.GetRequiredValue(_input);
        string output = parsed.GetRequiredValue(_output);
        bool isSentencePiece = File.Exists(Path.Combine(folder, TokenizerLoader.SentencePieceFileName));
        var options = new JsonLinesTokenizerOptions
        {
            TextField = parsed.GetRequiredValue(_textField),
            AddsSpecialTokens = parsed.GetValue(_addSpecial),
            RecognizesSpecialTokens = parsed.GetRequiredValue(_controlTokens) switch { "read" => true, "text" => false, _ => !isSentencePiece },
            SkipsSpecialTokens = parsed.GetValue(_skipSpecial),
            MaxBadLines = parsed.GetValue(_maxBadLines),
            Threads = Math.Max(1, parsed.GetValue(_threads)),
        };
        var tokenizer = new JsonLinesTokenizer(TokenizerLoader.Load(folder), options);
        var progress = SinkProgress.OnStandardError();
        var watch = Stopwatch.StartNew();
        if (File.Exists(input))
            progress.Begin("tokenize", new FileInfo(input).Length, "bytes");
        JsonLinesSummary summary = parsed.GetValue(_decode)
            ? tokenizer.Decode(input, output, new BytesRead(progress))
            : tokenizer.Encode(input, output, new BytesRead(progress));
        progress.End();
        foreach (string line in summary.BadLines)
            Console.Error.WriteLine(line);
        Console.WriteLine(
            $"{output}: {summary.Lines} lines, {summary.Tokens} tokens, {summary.BadLineCount} bad lines left out, "
            + FormattableString.Invariant($"{summary.TextBytes / 1e6 / watch.Elapsed.TotalSeconds:F1} MB/s of text"));
        return ExitCode.Success;
    }

    // Progress<T> would report on another thread, after the end.
    private sealed class BytesRead(SinkProgress progress) : IProgress<long>
    {
        public void Report(long value) => progress.Report(value);
    }
}
