using System.Globalization;
using System.Text.Json;
using E3Scale.IntegrationTests.Support;

namespace E3Scale.IntegrationTests;

/// <summary>The exported folder against the model it is an export of, through <c>e3scale trace</c>.</summary>
[Collection(SmallModelTests.Name)]
public class ExportTests(SmallModel model)
{
    // What METHODS promises of an export; rounding alone is below 1e-6 here.
    private const double Tolerance = 1e-5;

    private const int LoraRank = 4;
    private const int LoraAlpha = 8;

    [SkippableFact]
    public void Export_OfUntrainedStudent_IsTeacherWithoutDroppedLayers()
    {
        string run = model.RunWith(MeshOf.OneRank, "corpus", "store", "importance");
        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("export", run, MeshOf.OneRank, "train.learning_rate=0")).Expect(0);

        AssertSame(Trace(model.Teacher(), Dropped(run)), Trace(Path.Combine(run, "student"), []));
    }

    [SkippableTheory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(1, 2, 2)]
    public void Export_OfTrainedStudent_IsItsTrainState(int pipeline, int expert, int data)
    {
        string run = model.FinishedRun(new MeshOf(pipeline, expert, data));
        TensorFile state = TrainState(run);

        string trained = TeacherWith((name, _) => state.Tensors["master/" + name].Values, name => state.Tensors.ContainsKey("master/" + name));

        AssertSame(Trace(trained, Dropped(run)), Trace(Path.Combine(run, "student"), []));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Export_OfAdapters_IsTeacherPlusTheirProduct(int ranks)
    {
        MeshOf mesh = MeshOf.For(ranks);
        string run = model.RunWith(mesh, "corpus", "store", "importance");
        string[] changes =
        [
            "train.adapter=lora", $"train.lora.rank={LoraRank}", $"train.lora.alpha={LoraAlpha}", "train.lora.learning_rate=0.02",
            "train.lora.targets=[attention, dense_mlp, shared_experts, routed_experts]",
        ];
        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("export", run, mesh, changes)).Expect(0);
        TensorFile state = TrainState(run);

        string trained = TeacherWith(
            (name, weight) => Merge(weight, state.Tensors[$"master/{name}.lora_A"], state.Tensors[$"master/{name}.lora_B"]),
            name => state.Tensors.ContainsKey($"master/{name}.lora_A"));

        float[] expected = Trace(trained, Dropped(run));
        AssertSame(expected, Trace(Path.Combine(run, "student"), []));
        // And the adapters did something, or the comparison would say nothing about them.
        Assert.True(LargestDifference(expected, Trace(model.Teacher(), Dropped(run))) > 100 * Tolerance);
    }

    [SkippableFact]
    public void Export_OfAFinishedRunAsFp8_WritesTheStudentAgainAndNothingElse()
    {
        var mesh = new MeshOf(2, 1, 1);
        string finished = model.FinishedRun(mesh), run = model.NewFolder();
        Folders.Copy(finished, run);
        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("export", run, mesh, "export.weights=fp8", "export.max_shard_size=100KB"))
            .Expect(0).Says("distill: done before", "rounding moved the weights", "RoutedExperts");

        string student = Path.Combine(run, "student");
        Assert.True(Directory.GetFiles(student, "*.safetensors").Length > 2);
        using JsonDocument record = JsonDocument.Parse(File.ReadAllText(Path.Combine(student, "pruning.json")));
        Assert.Equal("fp8", record.RootElement.GetProperty("weights").GetString());
        float[] exact = Trace(Path.Combine(finished, "student"), []), rounded = Trace(student, []);
        // A mantissa of three bits moves logits visibly, but by less than they vary.
        double error = exact.Zip(rounded).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)), norm = exact.Sum(value => Math.Pow(value, 2));
        Assert.InRange(Math.Sqrt(error / norm), 1e-4, 0.5);
    }

    [SkippableTheory]
    [InlineData("--skip-layers", "6", "6")]
    [InlineData("--gradients", "model.layers.0.nothing", "model.layers.0.nothing")]
    public void Trace_OfWhatTheModelLacks_IsBadInput(string option, string value, string named)
    {
        string input = WriteIds();

        E3ScaleCommand.Run(
                E3ScaleCommand.RefusalTimeout, "trace", "--model", model.Teacher(), "--input", input, "--output", input + ".out", option, value)
            .Expect(2).Says(named);
        Assert.False(File.Exists(input + ".out"));
    }

    private static void AssertSame(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = LargestDifference(expected, actual);
        Assert.True(difference <= Tolerance, $"logits differ by {difference}");
    }

    private static double LargestDifference(float[] left, float[] right) => left.Zip(right).Max(pair => Math.Abs((double)pair.First - pair.Second));

    /// <summary>Logits of a model folder.</summary>
    private float[] Trace(string folder, int[] skipLayers)
    {
        string input = WriteIds(), output = input + ".out";
        string[] skip = skipLayers.Length > 0 ? ["--skip-layers", string.Join(',', skipLayers)] : [];
        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, ["trace", "--model", folder, "--input", input, "--output", output, .. skip]).Expect(0);
        return TestSupport.GoldenFile.Load(output).Floats("logits");
    }

    private string WriteIds()
    {
        var ids = new long[2, 24];
        for (int row = 0; row < 2; row++)
            for (int position = 0; position < 24; position++)
                ids[row, position] = 3 + (row * 811 + position * 173) % 2000;
        string path = Path.Combine(Directory.CreateDirectory(model.NewFolder()).FullName, "ids.safetensors");
        TensorFile.SaveIds(path, ids);
        return path;
    }

    private static int[] Dropped(string run)
    {
        using JsonDocument mask = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "search", "mask.json")));
        return [.. mask.RootElement.GetProperty("dropped").EnumerateArray().Select(layer => layer.GetInt32())];
    }

    /// <summary>Pieces of a tensor that data ranks share are named after their first element, NAME@ELEMENT, and put together here.</summary>
    private static TensorFile TrainState(string run)
    {
        TensorFile state = TensorFile.LoadFolder(Path.Combine(run, "distill", "checkpoints", $"step-{SmallModel.Steps:D8}"));
        var pieces = state.Tensors.Where(tensor => tensor.Key.Contains('@', StringComparison.Ordinal)).GroupBy(tensor => tensor.Key.Split('@')[0]);
        foreach (var tensor in pieces.ToList())
        {
            float[] values = [.. tensor.OrderBy(piece => long.Parse(piece.Key.Split('@')[1], CultureInfo.InvariantCulture)).SelectMany(piece => piece.Value.Values)];
            state.Tensors.Add(tensor.Key, ([values.Length], values));
        }
        return state;
    }

    /// <summary>The teacher in float32 with some weights changed, as a folder.</summary>
    private string TeacherWith(Func<string, (long[] Shape, float[] Values), float[]> changed, Func<string, bool> isChanged)
    {
        TensorFile weights = TensorFile.LoadFolder(model.Teacher());
        string[] names = [.. weights.Tensors.Keys.Where(isChanged)];
        Assert.NotEmpty(names);
        foreach (string name in names)
            weights.Tensors[name] = (weights.Tensors[name].Shape, changed(name, weights.Tensors[name]));
        string folder = Directory.CreateDirectory(model.NewFolder()).FullName;
        File.Copy(Path.Combine(model.Teacher(), "config.json"), Path.Combine(folder, "config.json"));
        weights.Save(Path.Combine(folder, "model.safetensors"));
        return folder;
    }

    /// <summary>W + alpha/r B A, in float64.</summary>
    private static float[] Merge((long[] Shape, float[] Values) weight, (long[] Shape, float[] Values) a, (long[] Shape, float[] Values) b)
    {
        int inputs = (int)weight.Shape[1];
        Assert.Equal([LoraRank, inputs], a.Shape);
        var merged = new float[weight.Values.Length];
        for (int i = 0; i < merged.Length; i++)
        {
            double product = 0;
            for (int r = 0; r < LoraRank; r++)
                product += (double)b.Values[i / inputs * LoraRank + r] * a.Values[r * inputs + i % inputs];
            merged[i] = (float)(weight.Values[i] + (double)LoraAlpha / LoraRank * product);
        }
        return merged;
    }
}
