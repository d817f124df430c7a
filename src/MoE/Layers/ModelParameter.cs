using E3Scale.Kernels;
using TorchSharp;

namespace E3Scale.MoE;

/// <summary>Over which ranks a parameter is replicated, which decides where its gradient is summed.</summary>
public enum ParameterPlacement
{
    /// <summary>Same on every data rank of a stage: attention, norms, dense MLPs, shared experts, router, embeddings.</summary>
    Dense,

    /// <summary>A routed expert, held by one rank of every expert group.</summary>
    Expert,

    /// <summary>A further copy of a routed expert whose first copy another rank of the group holds; for forward passes only.</summary>
    ExpertCopy,
}

/// <summary>One weight of the model, by its Hugging Face name.</summary>
public sealed class ModelParameter
{
    internal ModelParameter(string name, torch.Tensor value, ParameterPlacement placement, int layer, bool isCompressed = false)
    {
        (Name, Value, Placement, Layer, IsCompressed) = (name, value, placement, layer, isCompressed);
    }

    internal ModelParameter(string name, Fp8Matrix blocks, ParameterPlacement placement, int layer)
        : this(name, blocks.Codes, placement, layer, isCompressed: true)
    {
        Blocks = blocks;
    }

    /// <summary>Hugging Face tensor name of the teacher (layers keep their original number); adapters add <c>.lora_A</c> or <c>.lora_B</c>.</summary>
    public string Name { get; }

    /// <summary>The weight as it is kept, for one in FP8 its codes; owned by the decoder.</summary>
    public torch.Tensor Value { get; }

    /// <summary>Codes and scales of a weight that is kept in FP8; null for others. <see cref="Value"/> is the codes.</summary>
    public Fp8Matrix? Blocks { get; }

    /// <summary>Kept in a smaller type than the model computes in (<see cref="FrozenStorage"/>): cannot be trained.</summary>
    public bool IsCompressed { get; }

    /// <summary>Where copies of it live.</summary>
    public ParameterPlacement Placement { get; }

    /// <summary>Layer of the teacher that it belongs to, or -1 for embedding, final norm and head.</summary>
    public int Layer { get; }

    /// <summary>True when training moves it. Default false.</summary>
    /// <exception cref="InvalidOperationException">A compressed weight is to be trained.</exception>
    public bool Trainable
    {
        get => Value.requires_grad;
        set
        {
            if (value && IsCompressed)
                throw new InvalidOperationException($"{Name} is kept as {Value.dtype} and frozen; train adapters, or keep weights in the computing type.");
            if (!IsCompressed)
                Value.requires_grad = value;
        }
    }

    /// <summary>Where backward passes add its gradients: an optimiser's memory. Null (default): to <see cref="Value"/>'s own <c>grad</c>.</summary>
    public GradientSum? GradientSum { get; set; }

    /// <summary>Adds dy^T x, the gradient of a matrix W in y = x W^T, to the <see cref="GradientSum"/>.</summary>
    /// <param name="dy_nO">[n, O].</param>
    /// <param name="x_nI">[n, I].</param>
    /// <returns>The gradient, where there is no such sum; owned by the current dispose scope. Otherwise null.</returns>
    internal torch.Tensor? AddGradient(torch.Tensor dy_nO, torch.Tensor x_nI) => RowBlocks.WeightGradient(dy_nO, x_nI, GradientSum);

    /// <summary>The weight in a type to compute with.</summary>
    /// <param name="dtype">float32 or bfloat16.</param>
    /// <returns><see cref="Value"/> itself when it has that type, otherwise a new tensor that the current dispose scope owns.</returns>
    public torch.Tensor ValueAs(torch.ScalarType dtype) =>
        Blocks is not null ? Blocks.Dequantize(dtype) : Value.dtype == dtype ? Value : Value.to_type(dtype);

    /// <summary>Frees the weight.</summary>
    internal void Free()
    {
        Value.Dispose();
        Blocks?.Dispose();
    }
}
