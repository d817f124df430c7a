using E3Scale.Data.Chat;
using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Generation;
using E3Scale.Mpi;
using E3Scale.Sharding;

namespace E3Scale.Evaluation.Tasks;

/// <summary>An answer task on one model: prompts, greedy generation, extraction, comparison.</summary>
/// <param name="model">The model.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="options">Shots, lengths, form of the prompt.</param>
/// <param name="maxLength">Longest text, prompt and answer together.</param>
/// <param name="beginToken">Stands before plain prompts; null for none.</param>
internal sealed class AnswerRun(ShardedModel model, ITokenizer tokenizer, TaskOptions options, int maxLength, int? beginToken)
{
    /// <summary>Tokens at the end of an answer in which a stop is looked for while it grows.</summary>
    private const int StopTokens = 16;

    /// <summary>The items of a task and the solved ones before each.</summary>
    /// <exception cref="TaskException">A file is missing or damaged.</exception>
    public static AnswerSet Prepare(AnswerTask task, TaskOptions options)
    {
        string path = TaskFile.Find(options.TasksFolder, task.Files, task.Name);
        int shots = options.Shots ?? task.DefaultShots;
        List<AnswerItem> solved = [];
        if (shots > 0)
        {
            if (options.Chat is not null)
                throw new TaskException($"{task.Name}: {shots} shots and a chat template. A conversation has no solved items before the question; leave one out.");
            string pool = TaskFile.Find(options.TasksFolder, [$"{task.Name}.fewshot.jsonl"], $"{task.Name} with {shots} shots");
            solved = [.. TaskFile.Read(pool).Take(shots).Select(task.Read)];
            if (solved.Count < shots)
                throw new TaskException($"{pool}: {solved.Count} items, but {shots} shots are asked for.");
        }
        IEnumerable<AnswerItem> items = TaskFile.Read(path).Select(task.Read);
        if (options.Limit > 0)
            items = items.Take(options.Limit);
        return new AnswerSet(Path.GetFileName(path), shots, string.Concat(solved.Select(item => item.Prompt + item.Solution + "\n\n")), [.. items]);
    }

    /// <summary>Generates and judges all answers. Collective over the world.</summary>
    public TaskResult Answer(AnswerTask task, AnswerSet set, IStageProgress progress)
    {
        int[][] prompts = [.. set.Items.Select(item => Encode(set.Before, item))];
        progress.Begin(task.Name, prompts.Length, "answers");
        string[] texts = Generate(task, prompts, progress);
        progress.End();
        List<TaskItemResult> records = [.. set.Items.Select((item, i) => Judge(task, item, i, texts[i]))];
        return new TaskResult
        {
            Task = task.Name,
            File = set.File,
            Items = set.Items.Count,
            Shots = set.Shots,
            Metric = task.Metric,
            ExactMatch = (double)records.Count(record => record.IsRight) / records.Count,
            Records = records,
        };
    }

    private static TaskItemResult Judge(AnswerTask task, AnswerItem item, int index, string text)
    {
        string? answer = task.Extract(text);
        return new TaskItemResult
        {
            Index = index,
            IsRight = answer is not null && MathEquivalence.AreEqual(answer, item.Answer),
            Gold = item.Answer,
            Answer = answer,
            Text = text,
        };
    }

    private int[] Encode(string before, AnswerItem item)
    {
        int[] tokens;
        if (options.Chat is { } chat)
        {
            string turn = chat.Render([new ChatMessage(ChatMessage.User, item.Instruction)], new ChatRenderOptions { AddsGenerationPrompt = true });
            tokens = tokenizer.Encode(turn);
        }
        else
        {
            int[] start = beginToken is { } begin ? [begin] : [];
            tokens = [.. start, .. tokenizer.Encode(before + item.Prompt)];
        }
        // The answer needs room: what goes beyond is cut on the left.
        int room = maxLength - options.MaxNewTokens;
        if (room < 1)
            throw new TaskException($"answers of {options.MaxNewTokens} tokens leave no room for a question in texts of {maxLength}. Ask for shorter answers.");
        return tokens[Math.Max(0, tokens.Length - room)..];
    }

    private string[] Generate(AnswerTask task, int[][] prompts, IStageProgress progress)
    {
        var mesh = model.Mesh;
        var generator = new TextGenerator(model, tokenizer.EosId) { IsComplete = answer => HasStop(task, answer) };
        int[] order = [.. Enumerable.Range(0, prompts.Length).OrderByDescending(i => prompts[i].Length)];
        string[] texts = new string[prompts.Length];
        int done = 0;
        // One batch for each replica at a time; the last round may leave some of them without.
        foreach (int[] round in order.Chunk(options.BatchSize * mesh.Shape.Data))
        {
            int[] mine = [.. round.Where((_, i) => i / options.BatchSize == mesh.DataRank)];
            int[][] answers = generator.Generate([.. mine.Select(i => prompts[i])], options.MaxNewTokens);
            Exchange(mine, answers, round, texts, task);
            progress.Report(done += round.Length);
        }
        return texts;
    }

    /// <summary>Brings the answers of a round to every rank, as tokens.</summary>
    private void Exchange(int[] mine, int[][] answers, int[] round, string[] texts, AnswerTask task)
    {
        var world = model.Mesh.World;
        long longest = world.AllReduceScalar(answers.Select(answer => (long)answer.Length).DefaultIfEmpty().Max(), ReduceOperation.Max);
        // 1 is added to every token, so that 0 is the end; of the stages of a replica, which all know its answers, the last one speaks.
        int[] tokens = new int[round.Length * longest];
        for (int i = 0; i < mine.Length && model.Mesh.IsLastStage; i++)
            for (int t = 0; t < answers[i].Length; t++)
                tokens[Array.IndexOf(round, mine[i]) * longest + t] = answers[i][t] + 1;
        world.AllReduce<int>(tokens, ReduceOperation.Sum);
        for (int i = 0; i < round.Length; i++)
        {
            int[] answer = [.. tokens.AsSpan((int)(i * longest), (int)longest).ToArray().TakeWhile(token => token > 0).Select(token => token - 1)];
            texts[round[i]] = UpToStop(tokenizer.Decode(answer, skipSpecialTokens: true), task);
        }
    }

    private bool HasStop(AnswerTask task, IReadOnlyList<int> answer)
    {
        string end = tokenizer.Decode([.. answer.Skip(Math.Max(0, answer.Count - StopTokens))]);
        return task.Stops.Any(stop => end.Contains(stop, StringComparison.Ordinal));
    }

    private static string UpToStop(string text, AnswerTask task)
    {
        int end = task.Stops.Select(stop => text.IndexOf(stop, StringComparison.Ordinal)).Where(place => place >= 0).DefaultIfEmpty(text.Length).Min();
        return text[..end];
    }
}

/// <summary>An answer task's items.</summary>
/// <param name="File">Where they are from.</param>
/// <param name="Shots">Solved items before each.</param>
/// <param name="Before">The solved items as text.</param>
/// <param name="Items">The items.</param>
internal sealed record AnswerSet(string File, int Shots, string Before, IReadOnlyList<AnswerItem> Items);
