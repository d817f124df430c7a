using E3Scale.MoE;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.RealModels.Tests;

/// <summary>Models made from trained ones by inserting copies of layers: without these they are the trained ones again.</summary>
public sealed class InsertedLayersTests
{
    [SkippableTheory]
    [InlineData("stories260K-id10", "stories260K")]
    [InlineData("babyllama105-near12", "babyllama105")]
    public void Export_WithoutTheInsertedLayers_IsTheTrainedModelBitForBit(string name, string trainedName)
    {
        using var model = RealModel.Open(name);
        using var folder = new TestFolder();
        int[] inserted = RealModel.InsertedLayers(model.Folder);
        string student = folder["student"];

        Export(model, [.. Enumerable.Range(0, model.Config.LayerCount).Except(inserted)], student);

        using var exported = HuggingFaceCheckpoint.Open(student);
        using var trained = HuggingFaceCheckpoint.Open(SharedData.Require("data", "models", trainedName));
        Assert.Equal(trained.TensorNames.Order(StringComparer.Ordinal), exported.TensorNames.Order(StringComparer.Ordinal));
        foreach (string tensor in trained.TensorNames)
        {
            using var scope = NewDisposeScope();
            long[] shape = [.. trained.ShapeOf(tensor)];
            Assert.Equal(trained.Load(tensor, shape, ScalarType.Float32).data<float>(), exported.Load(tensor, shape, ScalarType.Float32).data<float>());
        }
    }

    private static void Export(RealModel model, int[] kept, string folder)
    {
        using var decoder = new Decoder(model.Config, model.Checkpoint.Names, model.Checkpoint);
        decoder.RemoveLayers([.. Enumerable.Range(0, model.Config.LayerCount).Except(kept)]);
        new CheckpointExporter(new ExportOptions
        {
            SourceFolder = model.Folder,
            TargetFolder = folder,
            KeptLayers = kept,
            Method = "test",
            Weights = WeightFormat.Fp32,
        }).Export(decoder.MergedWeights().Select(weight => new ExportTensor(weight.Parameter.Name, weight.Parameter.Value.shape, weight.Value)));
    }
}
