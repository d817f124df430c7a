using E3Scale.MoE.Tracing;
using E3Scale.TestSupport;

namespace E3Scale.MoE.Tests.Layers;

/// <summary>Whole models against values that published reference code gave for them; tolerances are those of the vectors' README.</summary>
public sealed class GoldenModelTests : IDisposable
{
    private readonly string _output = Path.Combine(Path.GetTempPath(), $"e3-trace-{Guid.NewGuid():N}.safetensors");

    public static TheoryData<string> Models =>
    [
        "deepseek_qlora_yarn", "deepseek_noqlora_plainrope", "deepseek_fp8", "deepseek_sharded_mtp", "llama2_mha", "llama2_gqa", "mixtral",
        "pangu_sandwich", "qwen25_tied", "qwen25_untied", "qwen3_tied", "qwen3_untied", "qwen3moe", "qwen3moe_mixed",
    ];

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Trace_WholeModel_AgreesWithReference(string model)
    {
        string folder = SharedData.Require("golden", model);
        var golden = GoldenFile.Load(Path.Combine(folder, "golden.safetensors"));
        string[] gradients = [.. golden.Names.Where(name => name.StartsWith("grad.", StringComparison.Ordinal)).Select(name => name[5..])];
        ModelTrace.Write(new TraceOptions
        {
            ModelFolder = folder,
            InputFile = Path.Combine(folder, "golden.safetensors"),
            OutputFile = _output,
            Gradients = gradients,
        });

        var trace = GoldenFile.Load(_output);
        AssertClose(golden, trace, "logits", 5e-5);
        AssertClose(golden, trace, "final_norm", 5e-5);
        AssertClose(golden, trace, "hidden_states", 1.5e-4);
        AssertClose(golden, trace, "loss", 1e-5);
        foreach (string name in golden.Names.Where(name => name.StartsWith("routing.", StringComparison.Ordinal)))
            if (name.EndsWith("expert_ids", StringComparison.Ordinal))
                Assert.Equal(golden.Longs(name), trace.Longs(name));
            else if (name.EndsWith("expert_weights", StringComparison.Ordinal))
                AssertClose(golden, trace, name, 1e-5);
        Assert.NotEmpty(gradients);
        foreach (string name in gradients.Select(name => "grad." + name))
            AssertClose(golden, trace, name, 5e-5 * golden.Floats(name).Max(Math.Abs));
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Trace_WithoutLayers1And3_AgreesWithReference(string model)
    {
        string folder = SharedData.Require("golden", model);
        var golden = GoldenFile.Load(Path.Combine(folder, "golden.safetensors"));
        ModelTrace.Write(new TraceOptions
        {
            ModelFolder = folder,
            InputFile = Path.Combine(folder, "golden.safetensors"),
            OutputFile = _output,
            SkipLayers = [1, 3],
        });

        var trace = GoldenFile.Load(_output);
        Assert.Equal(0, Distance(golden.Floats("logits_skip_1_3"), trace.Floats("logits")), 5e-5);
        Assert.Equal(golden.Floats("loss_skip_1_3")[0], trace.Floats("loss")[0], 1e-5);
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Export_WithoutLayers1And3_AgreesWithReference(string model)
    {
        string folder = SharedData.Require("golden", model), student = _output + "-student";
        try
        {
            Prune(folder, student, [1, 3]);
            ModelTrace.Write(new TraceOptions { ModelFolder = student, InputFile = Path.Combine(folder, "golden.safetensors"), OutputFile = _output });

            var golden = GoldenFile.Load(Path.Combine(folder, "golden.safetensors"));
            Assert.Equal(0, Distance(golden.Floats("logits_skip_1_3"), GoldenFile.Load(_output).Floats("logits")), 5e-5);
        }
        finally
        {
            if (Directory.Exists(student))
                Directory.Delete(student, recursive: true);
        }
    }

    public void Dispose() => File.Delete(_output);

    private static void Prune(string folder, string student, int[] dropped)
    {
        using var checkpoint = HuggingFaceCheckpoint.Open(folder);
        using var decoder = new Decoder(checkpoint.Config, checkpoint.Names, checkpoint, DecoderPart.Without(checkpoint.Config, dropped));
        var options = new ExportOptions
        {
            SourceFolder = folder,
            TargetFolder = student,
            KeptLayers = decoder.Part.Layers,
            Method = "test",
            Weights = WeightFormat.Fp32,
        };
        new CheckpointExporter(options).Export(
            decoder.MergedWeights().Select(weight => new ExportTensor(weight.Parameter.Name, weight.Parameter.Value.shape, weight.Value)));
    }

    private static void AssertClose(GoldenFile golden, GoldenFile trace, string name, double tolerance)
    {
        double distance = Distance(golden.Floats(name), trace.Floats(name));
        Assert.True(distance <= tolerance, $"{name}: largest difference {distance:E2}, allowed {tolerance:E2}");
    }

    private static double Distance(float[] left, float[] right)
    {
        Assert.Equal(left.Length, right.Length);
        return left.Zip(right, (a, b) => Math.Abs((double)a - b)).DefaultIfEmpty().Max();
    }
}
