namespace E3Scale.Pruner.Selection;

/// <summary>A published way to choose layers of a teacher that no training changes. It sees the model through an <see cref="ILayerProbe"/> only.</summary>
/// <remarks>
/// Every rank runs it with the same numbers and comes to the same choice. Methods that change weights while they choose, as E3-Pruner does, are
/// an <see cref="ILayerPruner"/> of their own.
/// </remarks>
public interface ILayerSelector
{
    /// <summary>Name in mask.json, pruning.json and tables, for example <c>shortgpt</c>.</summary>
    string Name { get; }

    /// <summary>Whether it asks for gradients, which take a model without copies of experts. Default false.</summary>
    bool NeedsGradients => false;

    /// <summary>How many models <see cref="Select"/> will have judged at its end; an upper bound where it depends on what is found.</summary>
    /// <param name="layers">Layers of the teacher.</param>
    /// <param name="target">How many are to be dropped.</param>
    long ModelsJudged(int layers, SelectionTarget target);

    /// <summary>Chooses.</summary>
    /// <param name="probe">The teacher. Collective: every rank asks for the same things in the same order.</param>
    /// <param name="target">How many, which never, and the seed.</param>
    LayerSelection Select(ILayerProbe probe, SelectionTarget target);
}
