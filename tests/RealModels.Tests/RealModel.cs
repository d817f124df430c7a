using System.Text.Json;
using E3Scale.Data.Tokenizers;
using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.RealModels.Tests.Reference;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.RealModels.Tests;

// Shape suffixes in this file: B = 1 text, T = positions, N = B*T, V = vocabulary.

/// <summary>A trained model of the reference data with its tokenizer, texts, and what other code measured on it.</summary>
internal sealed class RealModel : IDisposable
{
    private readonly HuggingFaceCheckpoint _checkpoint;
    private readonly Decoder _decoder;

    private RealModel(string folder, string textFile)
    {
        Folder = folder;
        TextFile = textFile;
        _checkpoint = HuggingFaceCheckpoint.Open(folder);
        _decoder = new Decoder(_checkpoint.Config, _checkpoint.Names, _checkpoint);
        Tokenizer = TokenizerLoader.Load(folder);
        Reference = ReferenceValues.Read(folder);
    }

    /// <summary>Models with a reference.json.</summary>
    public static TheoryData<string> All => ["stories260K", "babyllama105", "stories260K-id10", "babyllama105-near12"];

    /// <summary>Models that hold layers beside those of a trained one; layers.json says which.</summary>
    public static TheoryData<string> WithInsertedLayers => ["stories260K-id10", "babyllama105-near12"];

    public string Folder { get; }

    /// <summary>The texts, a JSON object with <c>text</c> per line.</summary>
    public string TextFile { get; }

    public DecoderConfig Config => _checkpoint.Config;

    public HuggingFaceCheckpoint Checkpoint => _checkpoint;

    public ITokenizer Tokenizer { get; }

    public ReferenceValues Reference { get; }

    /// <summary>Opens a model; skips the test when the reference data is not here.</summary>
    public static RealModel Open(string name) =>
        new(SharedData.Require("data", "models", name), SharedData.Require("data", "text", "tinystories-600.jsonl"));

    /// <summary>Layers that layers.json says were inserted.</summary>
    public static int[] InsertedLayers(string folder)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "layers.json")));
        return [.. file.RootElement.GetProperty("inserted").EnumerateArray().Select(layer => layer.GetInt32())];
    }

    /// <summary>The first texts as token ids, BOS in front, cut as the reference's were.</summary>
    public IEnumerable<int[]> Stories(int count) => File.ReadLines(TextFile).Take(count).Select(line =>
    {
        using var document = JsonDocument.Parse(line);
        int[] ids = Tokenizer.Encode(document.RootElement.GetProperty("text").GetString()!, addSpecialTokens: true);
        return ids[..Math.Min(ids.Length, Reference.MaxTokens)];
    });

    /// <summary>Logits of a text, [T, V] in one array.</summary>
    /// <param name="ids">The text.</param>
    /// <param name="without">A layer to leave out, or null.</param>
    /// <param name="onLayer">Told the number of each layer with the residual stream before and after it, [T, hidden].</param>
    public float[] Logits(int[] ids, int? without = null, Action<int, float[], float[]>? onLayer = null)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var ids_BT = tensor(Array.ConvertAll(ids, id => (long)id), [1, ids.Length]);
        var gate = new LayerGate([.. Enumerable.Range(0, Config.LayerCount).Select(layer => layer != without)]);
        var embedded = _decoder.Embed(ids_BT);
        float[] before = onLayer is null ? [] : Values(embedded);
        var hidden = _decoder.Forward(embedded, gate, onLayer is null ? null : (layer, output) =>
        {
            float[] after = Values(output);
            onLayer(layer, before, after);
            before = after;
        });
        return Values(_decoder.Logits(hidden));
    }

    /// <summary>Sum over a text of the negative log-likelihood of each token but the first, nats.</summary>
    /// <param name="ids">The text.</param>
    /// <param name="logits_TV">The model's logits of it.</param>
    public double NegativeLogLikelihood(int[] ids, float[] logits_TV) => Enumerable.Range(0, ids.Length - 1).Sum(t =>
    {
        var row = logits_TV.AsSpan(t * Config.VocabularySize, Config.VocabularySize);
        return RowMath.LogSumExp(row) - row[ids[t + 1]];
    });

    public void Dispose()
    {
        _decoder.Dispose();
        _checkpoint.Dispose();
    }

    private static float[] Values(Tensor value) => TensorMemory.AsSpan<float>(value.detach().contiguous()).ToArray();
}
