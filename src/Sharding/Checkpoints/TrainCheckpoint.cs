using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.MoE;

namespace E3Scale.Sharding;

/// <summary>
/// Train states on disk: a folder per step to which every rank adds a file with its share of master weights and moments, in the background,
/// and which appears under its name whole or not at all. Since everything is found by name and element, any mesh can read what any other
/// wrote; on the same mesh the continuation is bit-identical. Format: docs/formats/train-checkpoint.md.
/// </summary>
public sealed class TrainCheckpoint : IDisposable
{
    private const string AsideSuffix = ".tmp";
    private const string DamagedSuffix = ".damaged";
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private readonly string _folder;
    private readonly Mesh _mesh;
    private readonly Action<string> _warn;
    private CheckpointWriter? _writer;
    private volatile int _newest;
    private int? _verified;

    /// <summary>Looks after the checkpoints of one folder.</summary>
    /// <param name="folder">Where they are, seen by every rank; made when the first one is saved.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="warn">Told on rank 0 of checkpoints that are damaged; null for the standard error stream.</param>
    public TrainCheckpoint(string folder, Mesh mesh, Action<string>? warn = null)
    {
        (_folder, _mesh, _warn) = (folder, mesh, warn ?? (text => Console.Error.WriteLine($"warning: {text}")));
    }

    /// <summary>
    /// Takes a copy of the state and starts to write it; training may go on at once. An earlier one that is still being written is waited for.
    /// Collective over the world.
    /// </summary>
    /// <param name="step">Steps taken.</param>
    /// <param name="optimizer">Weights and moments.</param>
    /// <param name="extra">What else the stage needs to go on; the same on every rank.</param>
    /// <param name="kept">Newest checkpoints that stay, at least 1.</param>
    /// <exception cref="CheckpointException">The earlier one could not be written.</exception>
    public void Save(int step, MeshOptimizer optimizer, JsonObject extra, int kept)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(extra);
        ArgumentOutOfRangeException.ThrowIfLessThan(kept, 1);
        _mesh.World.Activity.Begin($"writing the checkpoint of step {step}");
        WaitForWriter();
        _verified = null;
        string aside = CheckpointNames.Folder(_folder, step) + AsideSuffix;
        if (_mesh.World.Rank == 0)
        {
            if (Directory.Exists(aside))
                Directory.Delete(aside, recursive: true);
            Directory.CreateDirectory(aside);
        }
        _mesh.World.Barrier();
        var state = new CheckpointState
        {
            Version = CheckpointState.CurrentVersion,
            Step = step,
            OptimizerSteps = optimizer.StepCount,
            Skipped = new SkippedCount(optimizer.Skipped.Total, optimizer.Skipped.InARow, optimizer.Skipped.Since),
            Mesh = new SavedMesh(_mesh.Shape.Pipeline, _mesh.Shape.Expert, _mesh.Shape.Data),
            Sharded = optimizer.State.Regions.Any(region => region.IsSharded),
            Parts = [],
            Extra = (JsonObject)extra.DeepClone(),
        };
        var snapshot = new CheckpointSnapshot(optimizer.State, _mesh.IsFirstStage);
        _writer = new CheckpointWriter(
            aside, snapshot, _mesh.World.Rank,
            _mesh.World.Rank == 0 ? writer => Commit(aside, state with { Parts = writer.Collect(_mesh.World.Size) }, kept) : null);
    }

    /// <summary>
    /// After a step that was not saved: throws what went wrong with a checkpoint that is being written, and waits for it when the newest whole
    /// one would otherwise be older than the interval.
    /// </summary>
    /// <param name="step">Steps taken.</param>
    /// <param name="everySteps">The interval; 0 for none.</param>
    /// <exception cref="CheckpointException">The checkpoint could not be written.</exception>
    public void Observe(int step, int everySteps)
    {
        _writer?.ThrowIfFailed();
        if (_mesh.World.Rank == 0 && everySteps > 0 && step - _newest > everySteps)
            WaitForWriter();
    }

    /// <summary>Waits until the checkpoint that is being written is whole. Collective over the world.</summary>
    /// <exception cref="CheckpointException">It could not be written.</exception>
    public void Complete()
    {
        WaitForWriter();
        _mesh.World.Barrier();
    }

    /// <summary>
    /// The newest sound checkpoint, or null when there is none at all. Damaged ones that are newer are set aside with a warning. Every file is
    /// read once, by one of the ranks. Collective over the world.
    /// </summary>
    /// <exception cref="CheckpointException">There are checkpoints, and all of them are damaged.</exception>
    public int? FindNewest()
    {
        WaitForWriter();
        string list = _mesh.World.Rank == 0 ? string.Join(',', CheckpointNames.Steps(_folder).OrderDescending()) : "";
        int[] steps = [.. _mesh.World.BroadcastString(list, 0).Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(step => int.Parse(step, CultureInfo.InvariantCulture))];
        var problems = new List<(int Step, string Text)>();
        foreach (int step in steps)
        {
            if (Verify(step) is not { } problem)
            {
                SetAside(problems, step);
                _verified = _newest = step;
                return step;
            }
            problems.Add((step, problem));
        }
        return problems.Count == 0 ? null : throw new CheckpointException(
            $"{_folder}: all checkpoints are damaged, the newest: {problems[0].Text}. Delete the folder to start anew.");
    }

    /// <summary>Steps of the finished checkpoints in a folder, in any order.</summary>
    /// <param name="folder">Where the checkpoints are; need not exist.</param>
    public static IEnumerable<int> StepsIn(string folder) => CheckpointNames.Steps(folder);

    /// <summary>The stage's own part of a saved state alone: what decides how the model is built that the rest is put into.</summary>
    /// <param name="step">Which checkpoint.</param>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public JsonObject ReadExtra(int step) => CheckpointState.Read(Path.Combine(CheckpointNames.Folder(_folder, step), CheckpointNames.StateFile)).Extra;

    /// <summary>
    /// Puts a saved state into the optimiser and the model. What the optimiser does not hold is ignored: dropped layers, other ranks.
    /// Collective over the world.
    /// </summary>
    /// <param name="step">Which checkpoint.</param>
    /// <param name="optimizer">Receives weights and moments.</param>
    /// <param name="mayLack">Parameters, by name, that keep what they are where the state has none of them; null for none.</param>
    /// <returns>The stage's own part.</returns>
    /// <exception cref="CheckpointException">A file is damaged, or a parameter is missing or has another size.</exception>
    public JsonObject Load(int step, MeshOptimizer optimizer, Predicate<string>? mayLack = null)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        _mesh.World.Activity.Begin($"reading the checkpoint of step {step}");
        WaitForWriter();
        if (_verified != step && Verify(step) is { } problem)
            throw new CheckpointException($"{problem}. The checkpoint is damaged; delete its folder to go on from an older one.");
        string folder = CheckpointNames.Folder(_folder, step);
        var saved = CheckpointState.Read(Path.Combine(folder, CheckpointNames.StateFile));
        using (var parts = new CheckpointParts(folder, saved.Parts.Select(part => part.File)))
            foreach (var region in optimizer.State.Regions)
                foreach (var piece in region.HeldPieces)
                {
                    if (mayLack?.Invoke(piece.Parameter.Name) == true && !parts.Contains(CheckpointNames.Master, piece.Parameter))
                        continue;
                    parts.Read(CheckpointNames.Master, piece, region.Master(piece));
                    parts.Read(CheckpointNames.FirstMoment, piece, region.FirstMoment.Span(piece.StateOffset, piece.Count));
                    parts.Read(CheckpointNames.SecondMoment, piece, region.SecondMoment.Span(piece.StateOffset, piece.Count));
                }
        optimizer.PublishWeights();
        optimizer.StepCount = saved.OptimizerSteps;
        optimizer.Skipped.Restore(saved.Skipped.Total, saved.Skipped.InARow, saved.Skipped.Since);
        return saved.Extra;
    }

    /// <summary>Gives up a checkpoint that is not finished; <see cref="Complete"/> first to have it.</summary>
    public void Dispose() => _writer?.Cancel();

    /// <summary>What is wrong with a checkpoint, or null. Each file is read by one rank. Collective over the world.</summary>
    private string? Verify(int step)
    {
        string folder = CheckpointNames.Folder(_folder, step);
        string mine = "";
        try
        {
            var parts = CheckpointState.Read(Path.Combine(folder, CheckpointNames.StateFile)).Parts;
            for (int part = _mesh.World.Rank; part < parts.Count && mine.Length == 0; part += _mesh.World.Size)
                mine = parts[part].Check(folder);
        }
        catch (CheckpointException error)
        {
            mine = error.Message;
        }
        return _mesh.World.AllGatherString(mine).FirstOrDefault(problem => problem.Length > 0);
    }

    /// <summary>Takes damaged checkpoints out of the way, so that they neither count as kept nor are tried again.</summary>
    private void SetAside(List<(int Step, string Text)> problems, int sound)
    {
        if (_mesh.World.Rank != 0)
            return;
        foreach (var (step, text) in problems)
        {
            string folder = CheckpointNames.Folder(_folder, step), aside = folder + DamagedSuffix;
            if (Directory.Exists(aside))
                Directory.Delete(aside, recursive: true);
            Directory.Move(folder, aside);
            _warn($"checkpoint of step {step} is damaged: {text}. Going on from step {sound}; the damaged one is now {aside}.");
        }
    }

    private void Commit(string aside, CheckpointState state, int kept)
    {
        string final = CheckpointNames.Folder(_folder, state.Step);
        using (var stream = new FileStream(Path.Combine(aside, CheckpointNames.StateFile), FileMode.Create))
        {
            JsonSerializer.Serialize(stream, state.WithChecksum(), s_indented);
            stream.Flush(flushToDisk: true);
        }
        DirectoryFlush.Run(aside);
        if (Directory.Exists(final))
            Delete(final);
        Directory.Move(aside, final);
        DirectoryFlush.Run(_folder);
        _newest = state.Step;
        foreach (int old in CheckpointNames.Steps(_folder).OrderDescending().Skip(kept))
            Delete(CheckpointNames.Folder(_folder, old));
    }

    private void WaitForWriter()
    {
        var writer = _writer;
        _writer = null;
        writer?.Wait();
    }

    /// <summary>state.json goes first, so that a kill halfway leaves nothing that looks whole.</summary>
    private static void Delete(string folder)
    {
        File.Delete(Path.Combine(folder, CheckpointNames.StateFile));
        Directory.Delete(folder, recursive: true);
    }
}
