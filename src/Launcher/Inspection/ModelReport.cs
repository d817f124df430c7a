using E3Scale.Data.Tokenizers;
using E3Scale.MoE;

namespace E3Scale.Launcher.Inspection;

/// <summary>What <c>e3scale inspect</c> says about a model: its config, its files by their headers, its tokenizer, and what can be done with it.</summary>
internal sealed record ModelReport
{
    /// <summary>The config.json.</summary>
    public required string Config { get; init; }

    /// <summary>model_type of the config, which names the architecture.</summary>
    public required string Architecture { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Rows of the token embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest context, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Whether the head is the embedding.</summary>
    public required bool TiesEmbedding { get; init; }

    /// <summary>The layers.</summary>
    public required LayerFacts Layers { get; init; }

    /// <summary>Parameters by kind, without multi-token prediction.</summary>
    public required IReadOnlyList<ParameterFacts> Parameters { get; init; }

    /// <summary>All parameters, without multi-token prediction.</summary>
    public required long TotalParameters { get; init; }

    /// <summary>Parameters that one token is multiplied with.</summary>
    public required long ActiveParameters { get; init; }

    /// <summary>The files; null when there are none that are read.</summary>
    public CheckpointInventory? Weights { get; init; }

    /// <summary>Whether there are files of PyTorch's, which are never read because they can run code.</summary>
    public required bool HasPickledWeights { get; init; }

    /// <summary>The tokenizer; null when there is none that can be used.</summary>
    public TokenizerDescription? Tokenizer { get; init; }

    /// <summary>Why there is no tokenizer; null when there is one.</summary>
    public string? TokenizerProblem { get; init; }

    /// <summary>What E3Scale would do with the model.</summary>
    public required ModelAdvice Advice { get; init; }

    /// <summary>Reads a model.</summary>
    /// <param name="path">Its folder, or its config.json.</param>
    /// <exception cref="CheckpointException">The config cannot be understood, or a file of the weights is missing or damaged.</exception>
    public static ModelReport Read(string path)
    {
        ArchitectureConfig model = ArchitectureConfig.Read(path);
        DecoderWeights.RequirePlausibleCount(model.Config, model.Path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(model.Path))!;
        CheckpointInventory? weights = CheckpointInventory.HasWeights(folder) ? CheckpointInventory.Read(model, folder) : null;
        var (tokenizer, problem) = Describe(folder);
        DecoderConfig config = model.Config;
        return new ModelReport
        {
            Config = model.Path,
            Architecture = config.ModelType,
            HiddenSize = config.HiddenSize,
            VocabularySize = config.VocabularySize,
            MaxPositions = config.MaxPositions,
            TiesEmbedding = config.TieWordEmbeddings,
            Layers = LayerFacts.Of(model),
            Parameters = ParameterFacts.Of(config),
            TotalParameters = DecoderWeights.Count(config),
            ActiveParameters = DecoderWeights.CountActive(config),
            Weights = weights,
            HasPickledWeights = PickledWeights.FindIn(folder) is not null,
            Tokenizer = tokenizer,
            TokenizerProblem = problem,
            Advice = ModelAdvice.For(model, weights),
        };
    }

    private static (TokenizerDescription? Tokenizer, string? Problem) Describe(string folder)
    {
        try
        {
            return (TokenizerLoader.Describe(folder), null);
        }
        catch (TokenizerException error)
        {
            // A model without its tokenizer is still worth a look.
            return (null, error.Message);
        }
    }
}
