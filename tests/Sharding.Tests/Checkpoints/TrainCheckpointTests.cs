using System.Text.Json.Nodes;
using E3Scale.MoE;
using E3Scale.Sharding.RankProgram;
using TorchSharp;

namespace E3Scale.Sharding.Tests.Checkpoints;

public sealed class TrainCheckpointTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Decoder _decoder = Trainable(TinyModel.TiedLlama);
    private readonly TrainCheckpoint _checkpoints;
    private readonly List<MeshOptimizer> _optimizers = [];
    private readonly List<string> _warnings = [];

    public TrainCheckpointTests()
    {
        _checkpoints = new TrainCheckpoint(_folder.Path, OneRank.Mesh, _warnings.Add);
    }

    public void Dispose()
    {
        _optimizers.ForEach(optimizer => optimizer.Dispose());
        _checkpoints.Dispose();
        _decoder.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Load_WhatWasSaved_GivesTheSameBits()
    {
        var saved = Optimizer(_decoder);
        Fill(saved);
        saved.StepCount = 7;
        saved.Skipped.Restore(4, 2, 31);
        _checkpoints.Save(5, saved, new JsonObject { ["scores"] = new JsonArray(0.1, 0.2) }, kept: 1);
        _checkpoints.Complete();
        using var decoder = Trainable(TinyModel.TiedLlama);
        var loaded = Optimizer(decoder);

        var extra = _checkpoints.Load(_checkpoints.FindNewest()!.Value, loaded);

        Assert.Equal(Master(saved), Master(loaded));
        Assert.Equal(Values(saved, region => region.FirstMoment), Values(loaded, region => region.FirstMoment));
        Assert.Equal(Values(saved, region => region.SecondMoment), Values(loaded, region => region.SecondMoment));
        Assert.Equal(7, loaded.StepCount);
        Assert.Equal((4, 2, 31), (loaded.Skipped.Total, loaded.Skipped.InARow, loaded.Skipped.Since));
        Assert.Equal(0.2, (double)extra["scores"]![1]!);
        var (parameter, offset, count) = loaded.State.Regions[0].Slices[3];
        Assert.Equal(Master(saved).AsSpan((int)offset, count).ToArray(), parameter.Value.detach().data<float>().ToArray());
    }

    [Fact]
    public void FindNewest_EmptyOrAbsentFolder_FindsNone()
    {
        Assert.Null(_checkpoints.FindNewest());
        using var checkpoints = new TrainCheckpoint(Path.Combine(_folder.Path, "never-made"), OneRank.Mesh);
        Assert.Null(checkpoints.FindNewest());
    }

    [Theory]
    [InlineData("step-00000009.tmp", true)] // killed before the rename
    [InlineData("step-00000009", false)] // copied in part, or half deleted
    [InlineData("step-of-somebody-else", true)]
    public void FindNewest_FolderThatIsNoWholeCheckpoint_IsPassedOver(string name, bool hasState)
    {
        Save(5);
        string odd = Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName;
        File.WriteAllBytes(Path.Combine(odd, "part-00000.safetensors"), [1, 2, 3]);
        if (hasState)
            File.WriteAllText(Path.Combine(odd, "state.json"), "{}");

        Assert.Equal(5, _checkpoints.FindNewest());
    }

    [Fact]
    public void Save_LeftoverOfAKilledSave_IsReplaced()
    {
        string leftover = Directory.CreateDirectory(Path.Combine(_folder.Path, "step-00000005.tmp")).FullName;
        File.WriteAllText(Path.Combine(leftover, "part-00001.safetensors"), "of another mesh");

        Save(5);

        Assert.False(Directory.Exists(leftover));
        Assert.Equal(["part-00000.safetensors", "state.json"], FilesOf(5));
    }

    [Fact]
    public void Save_SameStepAgain_ReplacesIt()
    {
        Save(5);
        var optimizer = Optimizer(_decoder);
        optimizer.State.Regions[0].FirstMoment.Values.fill_(3f);
        _checkpoints.Save(5, optimizer, [], kept: 1);
        var loaded = Optimizer(_decoder);
        _checkpoints.Load(5, loaded);
        Assert.All(Values(loaded, region => region.FirstMoment), value => Assert.Equal(3f, value));
    }

    [Fact]
    public void Save_MoreThanKept_DeletesTheOldest()
    {
        foreach (int step in new[] { 2, 4, 10, 6 }) // 10 was of a run that had gone further
            Save(step, kept: 2);
        Assert.Equal(["step-00000006", "step-00000010"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Save_KeepingNone_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => Save(5, kept: 0));

    [Fact]
    public void Load_ParameterIsMissing_NamesItAndTheFolder()
    {
        Save(5);
        using var decoder = TinyModel.TiedLlama.CreateDecoder();
        decoder.AddAdapters(TinyTraining.Adapters, (_, draws) => draws.Span.Fill(0.5f));

        var error = Assert.Throws<CheckpointException>(() => _checkpoints.Load(5, Optimizer(decoder)));

        Assert.Contains("step-00000005: no file holds 'master/model.layers.", error.Message, StringComparison.Ordinal);
        Assert.Contains("lora_A'", error.Message, StringComparison.Ordinal);
        Assert.Contains("of another recipe", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ParameterHasAnotherSize_NamesFoundAndExpected()
    {
        Save(5);
        var wider = new TinyModel(TinyModel.TiedLlama.Config with { VocabularySize = 65 });
        using var decoder = Trainable(wider);

        var error = Assert.Throws<CheckpointException>(() => _checkpoints.Load(5, Optimizer(decoder)));

        // Embedding [64, 32] found, [65, 32] expected, 4 bytes each.
        Assert.Contains("'master/model.embed_tokens.weight' has 8192 bytes of F32, expected 8320 of F32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DroppedLayers_AreIgnored()
    {
        var saved = Optimizer(_decoder);
        Fill(saved);
        _checkpoints.Save(5, saved, [], kept: 1);
        _checkpoints.Complete();
        using var decoder = Trainable(TinyModel.TiedLlama);
        decoder.RemoveLayers([1]);
        var loaded = Optimizer(decoder);

        _checkpoints.Load(5, loaded);

        var (from, to) = (saved.State.Regions[0], loaded.State.Regions[0]);
        Assert.DoesNotContain(to.Slices, slice => slice.Parameter.Layer == 1);
        foreach (var (parameter, offset, count) in to.Slices)
        {
            long source = from.Slices.Single(slice => slice.Parameter.Name == parameter.Name).Offset;
            Assert.Equal(from.SecondMoment.Span(source, count).ToArray(), to.SecondMoment.Span(offset, count).ToArray());
        }
    }

    [Theory]
    [InlineData("part-00000.safetensors", 100)]
    [InlineData("part-00000.safetensors", 0)]
    [InlineData("state.json", 20)]
    [InlineData("state.json", 0)]
    public void Load_FileIsCutShort_NamesIt(string file, int bytes)
    {
        Save(5);
        string path = Path.Combine(_folder.Path, "step-00000005", file);
        using (var stream = File.OpenWrite(path))
            stream.SetLength(bytes);

        var error = Assert.Throws<CheckpointException>(() => _checkpoints.Load(5, Optimizer(_decoder)));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "version")]
    [InlineData("[1]", "cannot be read")]
    [InlineData("""{ "version": 1, "step": 5, "optimizer_steps": 7, "skipped_steps": { "total": 0 }, "mesh": {}, "sharded": false, "parts": [], "extra": {} }""", "format version 1, expected 2")]
    [InlineData("""{ "version": 2, "step": 5, "optimizer_steps": "many", "skipped_steps": { "total": 0 }, "mesh": {}, "sharded": false, "parts": [], "extra": {} }""", "optimizer_steps")]
    [InlineData("""{ "version": 2, "step": 5, "optimizer_steps": 7, "skipped_steps": { "total": 0 }, "mesh": {}, "sharded": false, "parts": [{ "file": "../x", "bytes": 1, "sha256": "" }], "extra": {} }""", "'../x' is not a file of this folder")]
    public void Load_StateIsNotSound_NamesTheFileAndTheField(string state, string expected)
    {
        Save(5);
        string path = Path.Combine(_folder.Path, "step-00000005", "state.json");
        File.WriteAllText(path, state);

        var error = Assert.Throws<CheckpointException>(() => _checkpoints.Load(5, Optimizer(_decoder)));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BucketsOfAnotherSize_GivesTheSameBits()
    {
        var saved = Optimizer(_decoder, bucketMebibytes: 0.001);
        Fill(saved);
        _checkpoints.Save(5, saved, [], kept: 1);
        using var decoder = Trainable(TinyModel.TiedLlama);
        var loaded = Optimizer(decoder, bucketMebibytes: 0.0007);

        _checkpoints.Load(5, loaded);

        Assert.Equal(Values(saved, region => region.SecondMoment), Values(loaded, region => region.SecondMoment));
    }

    [Theory]
    [InlineData("part-00000.safetensors")]
    [InlineData("state.json")]
    public void FindNewest_NewestIsDamaged_GoesBackWithAWarningAndSetsItAside(string file)
    {
        Save(5, kept: 2);
        Save(9, kept: 2);
        string path = Path.Combine(_folder.Path, "step-00000009", file);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^200] ^= 0x40; // a bit in a number: the length stays
        File.WriteAllBytes(path, bytes);
        if (file == "state.json")
            File.WriteAllText(path, "{ \"version\": 2, ");

        Assert.Equal(5, _checkpoints.FindNewest());

        string warning = Assert.Single(_warnings);
        Assert.Contains("checkpoint of step 9 is damaged", warning, StringComparison.Ordinal);
        Assert.Contains(path, warning, StringComparison.Ordinal);
        Assert.Contains("Going on from step 5", warning, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(_folder.Path, "step-00000009.damaged")));
        Assert.Equal(5, _checkpoints.FindNewest());
        Assert.Single(_warnings);
    }

    // Still a sound JSON file with every field.
    [Theory]
    [InlineData("\"optimizer_steps\": 7", "\"optimizer_steps\": 5")]
    [InlineData("0.125", "0.135")]
    [InlineData("scores", "scorew")]
    public void FindNewest_ValueInStateChanged_GoesBack(string written, string found)
    {
        Save(5, kept: 2);
        var optimizer = Optimizer(_decoder);
        optimizer.StepCount = 7;
        _checkpoints.Save(9, optimizer, new JsonObject { ["scores"] = new JsonArray(0.125, 1e-300 / 3, "\u00fc") }, kept: 2);
        Assert.Equal(9, _checkpoints.FindNewest());
        string path = Path.Combine(_folder.Path, "step-00000009", "state.json");
        string state = File.ReadAllText(path);
        Assert.Contains(written, state, StringComparison.Ordinal);
        File.WriteAllText(path, state.Replace(written, found, StringComparison.Ordinal));

        Assert.Equal(5, _checkpoints.FindNewest());
        Assert.Contains($"{path}: SHA-256 ", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void FindNewest_AllAreDamaged_ThrowsAndLeavesThem()
    {
        Save(5);
        File.WriteAllBytes(Path.Combine(_folder.Path, "step-00000005", "part-00000.safetensors"), [1, 2, 3]);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            var error = Assert.Throws<CheckpointException>(() => _checkpoints.FindNewest());
            Assert.Contains("all checkpoints are damaged", error.Message, StringComparison.Ordinal);
            Assert.Contains("part-00000.safetensors: 3 bytes, expected", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Save_FolderCannotBeFinished_ThrowsWhenObservedAndWhenCompleted()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "step-00000007"), "in the way");
        _checkpoints.Save(7, Optimizer(_decoder), [], kept: 2);
        Assert.Throws<IOException>(_checkpoints.Complete);

        _checkpoints.Save(7, Optimizer(_decoder), [], kept: 2);
        Assert.Throws<IOException>(() => _checkpoints.Observe(8, everySteps: 1));
    }

    [Fact]
    public void Observe_NewestWouldBeOlderThanTheInterval_WaitsForTheOneBeingWritten()
    {
        Save(10);
        Assert.Equal(10, _checkpoints.FindNewest());
        _checkpoints.Save(20, Optimizer(_decoder), [], kept: 1);
        _checkpoints.Observe(21, everySteps: 10);
        Assert.True(File.Exists(Path.Combine(_folder.Path, "step-00000020", "state.json")));
    }

    [Fact]
    public void Dispose_WhileWriting_LeavesNothingThatLooksWhole()
    {
        Save(5);
        using (var killed = new TrainCheckpoint(_folder.Path, OneRank.Mesh))
            killed.Save(6, Optimizer(_decoder), [], kept: 1);
        Assert.Contains(_checkpoints.FindNewest(), new int?[] { 5, 6 }); // 6 only if it was quicker
    }

    [Fact]
    public void Load_BFloat16Model_ContinuesWithTheSameBits()
    {
        TinyCorpus.Build(_folder.Path).Dispose();
        using var undisturbed = BFloat16Training();
        undisturbed.Train(0, 3);
        _checkpoints.Save(3, undisturbed.Optimizer, [], kept: 1); // written while training goes on
        var expected = undisturbed.Train(3, 6);
        using var resumed = BFloat16Training();

        _checkpoints.Load(3, resumed.Optimizer);
        var actual = resumed.Train(3, 6);

        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(expected.StateHashes, actual.StateHashes);
    }

    private TinyTraining BFloat16Training() => new(TinyModel.DeepSeek, OneRank.Mesh, _folder.Path, dtype: torch.ScalarType.BFloat16);

    private void Save(int step, int kept = 1)
    {
        _checkpoints.Save(step, Optimizer(_decoder), [], kept);
        _checkpoints.Complete();
    }

    private IEnumerable<string?> FilesOf(int step) =>
        Directory.GetFiles(Path.Combine(_folder.Path, $"step-{step:D8}")).Select(Path.GetFileName).Order();

    private static Decoder Trainable(TinyModel model)
    {
        var decoder = model.CreateDecoder();
        decoder.TrainEverything();
        return decoder;
    }

    private MeshOptimizer Optimizer(Decoder decoder, double bucketMebibytes = 32)
    {
        _optimizers.Add(new MeshOptimizer(decoder, OneRank.Mesh, new OptimizerOptions { BucketMebibytes = bucketMebibytes }));
        return _optimizers[^1];
    }

    private static float[] Values(MeshOptimizer optimizer, Func<ParameterRegion, FlatBuffer> choose) =>
        [.. optimizer.State.Regions.Select(choose).SelectMany(buffer => buffer.Span(0, (int)buffer.Length).ToArray())];

    private static float[] Master(MeshOptimizer optimizer) =>
        [.. optimizer.State.Regions.SelectMany(region => region.HeldPieces.SelectMany(piece => region.Master(piece).ToArray()))];

    /// <summary>Gives every element of the state a value of its own.</summary>
    private static void Fill(MeshOptimizer optimizer)
    {
        foreach (var region in optimizer.State.Regions)
            foreach (var piece in region.HeldPieces)
                for (int i = 0; i < piece.Count; i++)
                {
                    long at = piece.StateOffset + i;
                    region.Master(piece)[i] = MathF.Sin(at);
                    (region.FirstMoment.Span(at, 1)[0], region.SecondMoment.Span(at, 1)[0]) = (MathF.Cos(at), 1f / (at + 1));
                }
    }
}
