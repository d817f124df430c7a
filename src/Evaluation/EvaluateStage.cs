using System.Diagnostics;
using System.Runtime.InteropServices;
using E3Scale.Data.Arithmetic;
using E3Scale.Data.Corpora;
using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Chains;
using E3Scale.Evaluation.Generation;
using E3Scale.Evaluation.HeldOut;
using E3Scale.Evaluation.Tasks;
using E3Scale.Kernels;
using E3Scale.LogitStore;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;

namespace E3Scale.Evaluation;

/// <summary>
/// Compares teacher, pruned model and student on held-out text and generated problems: loss, accuracy, agreement with the teacher,
/// exact answers, speed (METHODS 15). Each candidate runs beside the teacher, batch by batch, so that speeds are measured alike.
/// </summary>
public sealed class EvaluateStage
{
    private readonly EvaluateOptions _options;
    private readonly StageEnvironment _environment;

    /// <summary>Prepares the stage.</summary>
    /// <param name="options">What to compare.</param>
    /// <param name="environment">Ranks and progress.</param>
    public EvaluateStage(EvaluateOptions options, StageEnvironment environment)
    {
        (_options, _environment) = (options, environment);
    }

    /// <summary>Measures and writes the summary. Collective over the world.</summary>
    /// <returns>The same on every rank, and the positions that went through models.</returns>
    /// <exception cref="TaskException">A benchmark task is unknown or its file cannot be read; before anything runs.</exception>
    public (EvaluationSummary Summary, long Tokens) Run()
    {
        var tasks = _options.Tasks is null ? null : new TaskRunner(_options.Tasks);
        using var mesh = new Mesh(_environment.World, _environment.Shape, _environment.Device);
        using var heldOut = PackedCorpus.Open(_options.HeldOutFile);
        using var teacherFiles = HuggingFaceCheckpoint.Open(_options.TeacherFolder);
        using var studentFiles = HuggingFaceCheckpoint.Open(_options.StudentFolder);
        var placement = _environment.Experts.Plan(teacherFiles.Config, mesh.Shape, trains: false);
        using var teacher = ShardedModel.Load(teacherFiles, mesh, heldOut.SequenceLength, _options.DType, placement: placement);
        _environment.Progress.Begin("evaluate", 3, "models");

        ModelScores teacherScores, prunedScores, studentScores;
        using (var pruned = ShardedModel.Load(
            teacherFiles, mesh, heldOut.SequenceLength, _options.DType, [.. _options.DroppedLayers], placement: placement, branches: _options.DroppedBranches))
        {
            var (describeTeacher, describePruned) = Compare(teacher, pruned, heldOut);
            (teacherScores, prunedScores) = (describeTeacher(), describePruned());
            teacherScores = WithTasks(tasks, teacher, WithChains(teacher, teacherScores), null);
            prunedScores = WithTasks(tasks, pruned, WithChains(pruned, prunedScores), teacherScores);
        }
        _environment.Progress.Begin("evaluate", 3, "models", done: 2); // chains and tasks have progress of their own
        // The student's layers have new numbers, and loads of their own: its experts lie in contiguous slices.
        using (var student = ShardedModel.Load(studentFiles, mesh, heldOut.SequenceLength, _options.DType))
            studentScores = WithTasks(tasks, student, WithChains(student, Compare(teacher, student, heldOut).Candidate()), teacherScores);

        double gap = prunedScores.HeldOutLoss - teacherScores.HeldOutLoss;
        var summary = new EvaluationSummary
        {
            Teacher = teacherScores,
            Pruned = prunedScores,
            Student = studentScores,
            RecoveredShare = gap > 0 ? (prunedScores.HeldOutLoss - studentScores.HeldOutLoss) / gap : null,
            DroppedLayers = _options.DroppedLayers,
            DroppedBranches = _options.DroppedBranches,
            DenseLayers = Enumerable.Range(0, teacher.Config.LayerCount).Count(layer => !teacher.Config.IsMoeLayer(layer)),
            Store = MeasureStore(),
            Cost = _options.Costs,
        };
        if (_environment.IsRoot)
            JsonFile.Write(_options.OutputFile, summary);
        mesh.World.Barrier();
        _environment.Progress.End();
        return (summary, 4 * Sequences(heldOut) * heldOut.SequenceLength);
    }

    private long Sequences(PackedCorpus heldOut) =>
        _options.HeldOutSequences > 0 ? Math.Min(_options.HeldOutSequences, heldOut.SequenceCount) : heldOut.SequenceCount;

    /// <summary>Scores both models on the same batches, one after the other for each batch.</summary>
    private (Func<ModelScores> Teacher, Func<ModelScores> Candidate) Compare(ShardedModel teacher, ShardedModel candidate, PackedCorpus heldOut)
    {
        var mesh = teacher.Mesh;
        var batches = ForwardPass.Deal(Enumerable.Range(0, (int)Sequences(heldOut)).Select(i => (long)i), _options.BatchSequences, mesh);
        int rounds = (int)mesh.World.AllReduceScalar((long)batches.Count, ReduceOperation.Max);
        int vocabulary = teacher.Config.VocabularySize;
        var (teacherScores, candidateScores) = (new TokenScores(), new TokenScores());
        var (teacherTime, candidateTime) = (new Stopwatch(), new Stopwatch());
        for (int round = 0; round < rounds; round++)
        {
            IReadOnlyList<long[]> batch = round < batches.Count ? [batches[round]] : [];
            float[] teacher_NV = [];
            Timed(teacherTime, teacher, heldOut, batch, (sequences, logits_NV) =>
            {
                teacher_NV = TensorMemory.AsSpan<float>(logits_NV).ToArray();
                teacherScores.Add(teacher_NV, [], TokenBatch.Labels(heldOut, sequences), vocabulary);
            });
            Timed(candidateTime, candidate, heldOut, batch, (sequences, logits_NV) =>
                candidateScores.Add(TensorMemory.AsSpan<float>(logits_NV), teacher_NV, TokenBatch.Labels(heldOut, sequences), vocabulary));
        }
        long tokens = Sequences(heldOut) * heldOut.SequenceLength;
        return (
            () => Describe(teacher, teacherScores, tokens / teacherTime.Elapsed.TotalSeconds, isTeacher: true),
            () => Describe(candidate, candidateScores, tokens / candidateTime.Elapsed.TotalSeconds, isTeacher: false));
    }

    /// <summary>Times the forward pass alone: scoring rows on the CPU is not the model's work.</summary>
    private static void Timed(
        Stopwatch time, ShardedModel model, PackedCorpus corpus, IReadOnlyList<long[]> batch, Action<long[], TorchSharp.torch.Tensor> onLogits)
    {
        model.Mesh.World.Barrier();
        time.Start();
        ForwardPass.Run(model, corpus, batch, (sequences, logits_NV) =>
        {
            time.Stop();
            onLogits(sequences, logits_NV);
            time.Start();
        });
        time.Stop();
    }

    private ModelScores Describe(ShardedModel model, TokenScores local, double tokensPerSecond, bool isTeacher)
    {
        var world = model.Mesh.World;
        double[] sums = local.ToArray();
        world.AllReduce<double>(sums, ReduceOperation.Sum);
        var scores = TokenScores.FromArray(sums);
        double speed = world.AllReduceScalar(tokensPerSecond, ReduceOperation.Min);
        double? exact = _options.ArithmeticItems > 0 ? ExactMatch(model) : null;
        return new ModelScores
        {
            Layers = model.Partition.Stages.Sum(stage => stage.Count),
            Parameters = model.CountParameters(),
            HeldOutLoss = scores.Loss / scores.Tokens,
            TokenAccuracy = scores.Right / scores.Tokens,
            ExactMatch = exact,
            ExactMatchError = exact is { } share ? Math.Sqrt(share * (1 - share) / _options.ArithmeticItems) : null,
            TokensPerSecond = speed,
            AgreementTop1 = isTeacher ? null : scores.Agreeing / scores.Tokens,
            KlToTeacher = isTeacher ? null : scores.Kl / scores.Tokens,
            JsToTeacher = isTeacher ? null : scores.JensenShannon / scores.Tokens,
            RankCorrelation = isTeacher ? null : RankCorrelation.Spearman(All(world, local.TeacherLogProbabilities), All(world, local.ModelLogProbabilities)),
        };
    }

    /// <summary>The values of all ranks.</summary>
    private static float[] All(Communicator world, IReadOnlyList<float> local) =>
        [.. world.AllGatherBytes(MemoryMarshal.AsBytes<float>([.. local])).SelectMany(bytes => MemoryMarshal.Cast<byte, float>(bytes).ToArray())];

    private ModelScores WithTasks(TaskRunner? tasks, ShardedModel model, ModelScores scores, ModelScores? teacher)
    {
        if (tasks is null)
            return scores;
        var results = tasks.Run(model, TokenizerLoader.Load(_options.TeacherFolder), _environment.Progress);
        return scores with { Tasks = results, TasksAgainstTeacher = teacher is null ? null : [.. teacher.Tasks!.Zip(results, TaskComparison.Of)] };
    }

    private ModelScores WithChains(ShardedModel model, ModelScores scores) => _options.Chains is not { } chains ? scores : scores with
    {
        Chains = new ChainRun(chains, TokenizerLoader.Load(_options.TeacherFolder), _options.MaxNewTokens, _options.BatchSequences, _options.Seed)
            .Run(model, _environment.Progress),
    };

    /// <summary>Share of held-out problems whose greedy completion ends in exactly the right answer.</summary>
    private double ExactMatch(ShardedModel model)
    {
        var mesh = model.Mesh;
        var tokenizer = TokenizerLoader.Load(_options.TeacherFolder);
        var problems = ArithmeticTask.Generate(ArithmeticSplit.HeldOut, _options.Seed, _options.ArithmeticItems)
            .Where((_, i) => i % mesh.Shape.Data == mesh.DataRank).ToList();
        int[] start = tokenizer.BosId is { } bos ? [bos] : [];
        int[][] prompts = [.. problems.Select(problem => (int[])[.. start, .. tokenizer.Encode(problem.Prompt)])];
        var answers = new TextGenerator(model, tokenizer.EosId).Generate(prompts, _options.MaxNewTokens);
        long right = problems.Zip(answers).Count(pair => ArithmeticTask.IsExactMatch(pair.First, tokenizer.Decode(pair.Second)));
        // All stages of a replica know its answers; one of them counts.
        return mesh.World.AllReduceScalar(mesh.IsLastStage ? right : 0, ReduceOperation.Sum) / (double)_options.ArithmeticItems;
    }

    private StoreSize? MeasureStore()
    {
        if (_options.StoreFolder is null)
            return null;
        var manifest = StoreManifest.Load(_options.StoreFolder);
        long bytes = manifest.Shards.Sum(shard => shard.Bytes);
        return new StoreSize(manifest.Store.TokenCount, bytes, (double)bytes / manifest.Store.TokenCount);
    }
}
