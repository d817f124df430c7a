using E3Scale.MoE;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Methods.ShearedLlama;

/// <summary>
/// Sheared-LLaMA's targeted structured pruning (arXiv 2310.06694), restricted to whole layers: each step draws soft gates, which multiply what
/// attention and MLP of a layer add to the residual stream, trains the student under them, and moves gates and Lagrange multipliers. At the end the
/// most open gates stay and are multiplied into the weights; recovery goes on from there as after E3-Pruner's search.
/// </summary>
/// <param name="options">How to prune.</param>
/// <param name="environment">Ranks and progress.</param>
public sealed class ShearedLlamaStage(ShearedLlamaOptions options, StageEnvironment environment) : ILayerPruner
{
    /// <summary>Prunes, from the newest checkpoint if there is one, and writes mask.json. Collective over the world.</summary>
    /// <returns>The same on every rank.</returns>
    public MaskResult Run()
    {
        int layers = ModelFamilies.ReadConfig(options.TeacherFolder).Config.LayerCount;
        int[] protectedLayers = options.ProtectsEnds ? [0, layers - 1] : [];
        return new MaskTraining(options, environment, protectedLayers).Run(
            (mesh, plan) => new HardConcreteLearner(options, layers, protectedLayers, mesh, plan));
    }
}
