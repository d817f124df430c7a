namespace E3Scale.Pruner.Export;

/// <summary>What an export does with patches of the residual stream, which stock loaders do not know.</summary>
public enum PatchExport
{
    /// <summary>Fails: nobody shall take a model without its patches for the one that was evaluated. The default.</summary>
    Refuse,

    /// <summary>Writes them to patch.safetensors beside the weights. E3Scale applies them; other loaders run the model without.</summary>
    SideFile,

    /// <summary>Folds the scalar part of each into the weights before it, as Prune&amp;Comp does, and leaves the rest out.</summary>
    Scalar,
}
