using E3Scale.Evaluation.Tasks;
using E3Scale.TestSupport;

namespace E3Scale.Evaluation.Tests.Tasks;

/// <summary>Every task's texts, written out by hand from lm-evaluation-harness 0.4.8.</summary>
public sealed class PromptTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void SciQ_Item_IsSupportQuestionAnswer() => AssertChoices(
        new SciQTask(),
        """{"support": "  Ice floats on water.\nIt is lighter.", "question": "What floats?", "distractor1": "lead", "distractor2": "iron", "distractor3": "gold", "correct_answer": "ice"}""",
        gold: 3,
        ("Ice floats on water.\nIt is lighter.\nQuestion: What floats?\nAnswer:", " lead"),
        ("Ice floats on water.\nIt is lighter.\nQuestion: What floats?\nAnswer:", " iron"),
        ("Ice floats on water.\nIt is lighter.\nQuestion: What floats?\nAnswer:", " gold"),
        ("Ice floats on water.\nIt is lighter.\nQuestion: What floats?\nAnswer:", " ice"));

    [Fact]
    public void Piqa_Item_IsGoalAndTwoSolutions() => AssertChoices(
        new PiqaTask(), """{"goal": "open a jar", "sol1": "turn the lid", "sol2": "turn the shelf", "label": 0}""", gold: 0,
        ("Question: open a jar\nAnswer:", " turn the lid"), ("Question: open a jar\nAnswer:", " turn the shelf"));

    [Theory]
    [InlineData("""{"context_options": ["The cup fell off the table as the cup", "The cup fell off the table as the table"], "continuation": "was pushed.", "gold": 0}""")]
    [InlineData("""{"sentence": "The cup fell off the table as _ was pushed.", "option1": "the cup", "option2": "the table", "answer": "1"}""")]
    public void WinoGrande_EitherForm_ScoresTheRestAfterEachOption(string line) => AssertChoices(
        new WinoGrandeTask(), line, gold: 0,
        ("The cup fell off the table as the cup", " was pushed."), ("The cup fell off the table as the table", " was pushed."));

    [Fact]
    public void ArcEasy_Item_IsQuestionAnswer() => AssertChoices(
        ArcTask.Easy, """{"question": "Which is a metal?", "choices": {"text": ["wood", "tin"], "label": ["1", "2"]}, "answerKey": "2"}""", gold: 1,
        ("Question: Which is a metal?\nAnswer:", " wood"), ("Question: Which is a metal?\nAnswer:", " tin"));

    [Fact]
    public void ArcChallenge_TwoShots_StandsBehindTheSampledItems()
    {
        // random.Random(1234).sample(range(3), 2) is [1, 0]: printed by CPython 3.11.
        Write("arc_challenge.fewshot.jsonl", [.. Enumerable.Range(0, 3).Select(i =>
            $$"""{"question": "Q{{i}}?", "choices": {"text": ["no {{i}}", "so {{i}}"], "label": ["A", "B"]}, "answerKey": "B"}""")]);
        Write("arc_challenge.jsonl", """{"question": "Q?", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "A"}""");
        var set = ChoiceRun.Prepare(ArcTask.Challenge, Options() with { Shots = 2 });

        Assert.Equal("Question: Q1?\nAnswer: so 1\n\nQuestion: Q0?\nAnswer: so 0\n\nQuestion: Q?\nAnswer:", set.Requests.First().Context);
        Assert.Equal(25, ArcTask.Challenge.DefaultShots);
    }

    [Fact]
    public void HellaSwag_PublishedFields_AreJoinedAndCleaned() => AssertChoices(
        new HellaSwagTask(),
        """{"activity_label": "Cooking", "ctx_a": "A man [header] How to cook [title] Boil it. ", "ctx_b": "the Man", "endings": ["stirs.  Then he eats [step] it.", " sleeps."], "label": "0"}""",
        gold: 0,
        // " [title]" becomes ". ", brackets go, and each pair of spaces becomes one.
        ("Cooking: A man How to cook. Boil it. The man", " stirs. Then he eats it."), ("Cooking: A man How to cook. Boil it. The man", " sleeps."));

    [Fact]
    public void HellaSwag_JoinedField_IsTakenAsItIs() => AssertChoices(
        new HellaSwagTask(), """{"query": "Cooking: A man boils. he", "choices": ["stirs.", "sleeps."], "gold": 1}""", gold: 1,
        ("Cooking: A man boils. he", " stirs."), ("Cooking: A man boils. he", " sleeps."));

    [Fact]
    public void HellaSwag_Shots_AreTheFirstOfOneMoreThatIsDrawn()
    {
        // random.Random(1234).sample(range(3), 2) is [1, 0]; with one shot only the first stays.
        Write("hellaswag.fewshot.jsonl", [.. Enumerable.Range(0, 3).Select(i => $$"""{"query": "q{{i}}", "choices": ["a{{i}}", "b{{i}}"], "gold": 0}""")]);
        Write("hellaswag.jsonl", """{"query": "q", "choices": ["a", "b"], "gold": 0}""");
        var set = ChoiceRun.Prepare(new HellaSwagTask(), Options() with { Shots = 1 });

        Assert.Equal("q1 a1\n\nq", set.Requests.First().Context);
        Assert.Equal(10, new HellaSwagTask().DefaultShots);
    }

    [Theory]
    [InlineData("""{"text": "All cats sleep.", "question": "So?", "options": ["Tom sleeps.", "Tom barks."], "answer": 0}""")]
    [InlineData("""{"context": "All cats sleep.", "question": "So?", "options": ["Tom sleeps.", "Tom barks."], "label": "a"}""")]
    public void LogiQa_EitherVersion_ListsTheOptions(string line) => AssertChoices(
        new LogiQaTask(), line, gold: 0,
        ("Passage: All cats sleep.\nQuestion: So?\nChoices:\nA. Tom sleeps.\nB. Tom barks.\nAnswer:", " Tom sleeps."),
        ("Passage: All cats sleep.\nQuestion: So?\nChoices:\nA. Tom sleeps.\nB. Tom barks.\nAnswer:", " Tom barks."));

    [Fact]
    public void BoolQ_Item_HasNoFirstThenYes() => AssertChoices(
        new BoolQTask(), """{"passage": "Snow is cold.", "question": "is snow cold", "label": 1}""", gold: 1,
        ("Snow is cold.\nQuestion: is snow cold?\nAnswer:", " no"), ("Snow is cold.\nQuestion: is snow cold?\nAnswer:", " yes"));

    [Fact]
    public void Mmlu_Item_HasTheFirstSolvedOnesOfItsSubject()
    {
        Write("mmlu.dev.jsonl",
            """{"subject": "world_law", "question": "Not this?", "choices": ["a", "b", "c", "d"], "answer": 0}""",
            """{"subject": "high_school_art", "question": "First?", "choices": ["p", "q", "r", "s"], "answer": 2}""",
            """{"subject": "high_school_art", "question": "Second?", "choices": ["p", "q", "r", "s"], "answer": 0}""");
        Write("mmlu.test.jsonl", """{"subject": "high_school_art", "question": " Who? ", "choices": ["w", "x", "y", "z"], "answer": 3}""");
        var set = ChoiceRun.Prepare(new MmluTask(), Options() with { Shots = 1 });

        const string Expected =
            "The following are multiple choice questions (with answers) about high school art.\n\n" +
            "First?\nA. p\nB. q\nC. r\nD. s\nAnswer: C\n\n" +
            "Who?\nA. w\nB. x\nC. y\nD. z\nAnswer:";
        Assert.Equal([(Expected, " A"), (Expected, " B"), (Expected, " C"), (Expected, " D")], set.Requests);
        Assert.Equal(3, set.Items[0].Item.Gold);
        Assert.Equal(5, new MmluTask().DefaultShots);
    }

    [Fact]
    public void Gsm8k_Item_IsQuestionAnswerAndTheNumberBehindTheMark()
    {
        Write("gsm8k.jsonl", """{"question": "2 + 3?", "answer": "2 + 3 = 5\n#### 5"}""");
        AnswerItem item = Assert.Single(AnswerRun.Prepare(new Gsm8kTask(), Options()).Items);
        Assert.Equal(("Question: 2 + 3?\nAnswer:", "5"), (item.Prompt, item.Answer));
    }

    [Fact]
    public void Gsm8k_Shots_AreTheFirstOfTheirFile()
    {
        Write("gsm8k.fewshot.jsonl", """{"question": "1 + 1?", "answer": "It is 2.\n#### 2"}""");
        Write("gsm8k.jsonl", """{"question": "2 + 3?", "answer": "#### 5"}""");
        Assert.Equal("Question: 1 + 1?\nAnswer: It is 2.\n#### 2\n\n", AnswerRun.Prepare(new Gsm8kTask(), Options() with { Shots = 1 }).Before);
    }

    [Fact]
    public void Math500_Item_IsProblemSolution()
    {
        Write("math500.jsonl", """{"problem": "Find $x$.", "solution": "$\\boxed{\\frac12}$", "answer": "\\frac12"}""");
        AnswerItem item = Assert.Single(AnswerRun.Prepare(new Math500Task(), Options()).Items);
        Assert.Equal(("Problem:\nFind $x$.\n\nSolution:", "\\frac12"), (item.Prompt, item.Answer));
        Assert.Equal("Find $x$.\n\nPlease reason step by step, and put your final answer within \\boxed{}.", item.Instruction);
    }

    [Theory]
    [InlineData("""{"id": 60, "problem": "Find $n$.", "solution": "s", "answer": "025"}""", "025")]
    [InlineData("""{"problem": "Find $n$.", "answer": 588, "id": "1"}""", "588")]
    public void Aime_AnswerAsTextOrNumber_IsRead(string line, string answer)
    {
        Write("aime24.jsonl", line);
        AnswerItem item = Assert.Single(AnswerRun.Prepare(AimeTask.Aime24, Options()).Items);
        Assert.Equal(("Problem:\nFind $n$.\n\nSolution:", answer), (item.Prompt, item.Answer));
    }

    [Theory]
    [InlineData("""{"goal": "g", "sol1": "a", "label": 0}""", "line 1: field 'sol2' is missing; the item has goal, sol1, label")]
    [InlineData("""{"goal": "g", "sol1": "a", "sol2": null, "label": 0}""", "line 1: field 'sol2' is null, expected a text")]
    [InlineData("""{"goal": "g", "sol1": "a", "sol2": "b", "label": 2}""", "line 1: field 'label' is 2, expected an integer from 0 to 1")]
    [InlineData("""["goal"]""", "line 1: expected a JSON object, found Array")]
    [InlineData("""{"goal": """, "line 1: not JSON")]
    [InlineData(" ", "the file has no items")]
    public void Piqa_DamagedFile_IsNamedWithLineAndField(string line, string message)
    {
        Write("piqa.jsonl", line);
        var error = Assert.Throws<TaskException>(() => ChoiceRun.Prepare(new PiqaTask(), Options()));
        Assert.Contains("piqa.jsonl", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_FileMissing_SaysWhichOne()
    {
        var error = Assert.Throws<TaskException>(() => new TaskRunner(Options() with { Tasks = ["logiqa"] }));
        Assert.Contains("no logiqa.jsonl or logiqa2.jsonl or noncommercial/logiqa2.jsonl", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Prepare_PublishedItems_AreAllRead()
    {
        var options = new TaskOptions { TasksFolder = SharedData.Require("data", "benchmarks"), Tasks = [] };
        foreach (string name in TaskCatalog.Names.Where(name => name != "sciq"))
        {
            BenchmarkTask task = TaskCatalog.Named(name);
            int items = task is ChoiceTask choices ? ChoiceRun.Prepare(choices, options).Items.Count : AnswerRun.Prepare((AnswerTask)task, options).Items.Count;
            Assert.True(items >= 20, $"{name}: {items}");
        }
    }

    public void Dispose() => _folder.Dispose();

    private TaskOptions Options() => new() { TasksFolder = _folder.Root, Tasks = [] };

    private void Write(string file, params string[] lines) => File.WriteAllLines(_folder[file], lines);

    private void AssertChoices(ChoiceTask task, string line, int gold, params (string Context, string Continuation)[] expected)
    {
        Write(task.Files[0], line);
        ChoiceSet set = ChoiceRun.Prepare(task, Options() with { Shots = 0 });
        Assert.Equal(expected, set.Requests);
        Assert.Equal(gold, Assert.Single(set.Items).Item.Gold);
    }
}
