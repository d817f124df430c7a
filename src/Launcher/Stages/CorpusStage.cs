using E3Scale.Data.Arithmetic;
using E3Scale.Data.Chat;
using E3Scale.Data.Corpora;
using E3Scale.Data.Tokenizers;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using Microsoft.Extensions.Logging;

namespace E3Scale.Launcher.Stages;

/// <summary>Tokenises training and held-out text once into memory-mapped files that every later stage reads.</summary>
internal sealed class CorpusStage : IStage
{
    public string Name => "corpus";

    public string FolderName => RunFiles.CorpusFolder;

    public string Description => "Tokenises and packs the training and held-out text.";

    public IReadOnlyList<string> Needs(Recipe recipe) => [];

    public string InputHash(Recipe recipe, RunFolder folder) => Hash(recipe, StageOptions.Teacher(recipe), textPasses: 1);

    public StageResult Run(StageContext context) => Build(context, StageOptions.Teacher(context.Recipe), textPasses: 1);

    /// <summary>Hash of a corpus for a tokenizer.</summary>
    public static string Hash(Recipe recipe, string tokenizerFolder, int textPasses)
    {
        var hasher = new InputHasher("corpus", 1).Add("corpus", recipe.Corpus).Add("seed", recipe.Seed).Add("text_passes", textPasses);
        foreach (string path in recipe.Corpus.Paths.Concat(recipe.Corpus.Heldout))
            hasher.AddFiles(recipe.ResolvePath(path));
        return hasher.AddFiles(TokenizerLoader.PathIn(tokenizerFolder)).Finish();
    }

    /// <summary>Builds both files on rank 0; the others wait.</summary>
    /// <param name="context">Recipe, folder, ranks.</param>
    /// <param name="modelFolder">Folder of the model's config and tokenizer.</param>
    /// <param name="textPasses">Times the text occurs in the training corpus.</param>
    /// <exception cref="RecipeException">Sequences are longer than what the model was made for.</exception>
    public static StageResult Build(StageContext context, string modelFolder, int textPasses)
    {
        RequirePositions(context.Recipe, modelFolder);
        // An error on rank 0 must reach the others before they wait for files that never come.
        string? failure = null;
        Exception? cause = null;
        if (context.Environment.IsRoot)
        {
            try
            {
                var tokenizer = new WatchedTokenizer(TokenizerLoader.Load(modelFolder), context.Environment.World.Activity);
                Write(context, tokenizer, textPasses);
            }
            catch (Exception error) when (error is CorpusException or TokenizerException or IOException)
            {
                (failure, cause) = (error.Message, error);
            }
        }
        string message = context.Environment.World.BroadcastString(failure ?? "", root: 0);
        if (message.Length > 0)
            throw new CorpusException(message, cause);
        return new StageResult([RunFiles.TrainCorpus, .. context.Recipe.Corpus.Heldout.Count > 0 ? [RunFiles.HeldOutCorpus] : Array.Empty<string>()], 0);
    }

    // A rotary embedding has an angle for any position; beyond those of its training a model answers with nonsense and no error.
    private static void RequirePositions(Recipe recipe, string modelFolder)
    {
        int positions = ModelFamilies.ReadConfig(modelFolder).Config.MaxPositions;
        if (recipe.Corpus.SequenceLength > positions)
            throw new RecipeException(
                $"corpus.sequence_length: {recipe.Corpus.SequenceLength}, but the model in {modelFolder} was made for {positions} positions " +
                "(max_position_embeddings in its config.json). Take shorter sequences.");
    }

    private static void Write(StageContext context, ITokenizer tokenizer, int textPasses)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        var corpus = recipe.Corpus;
        var options = new PackedCorpusOptions
        {
            SequenceLength = corpus.SequenceLength,
            ShuffleSeed = (ulong)recipe.Seed,
            Threads = Environment.ProcessorCount, // those this rank is bound to
        };
        var train = new CorpusRecipe
        {
            Files = [.. corpus.Paths.Select(recipe.ResolvePath)],
            TextPasses = textPasses,
            ArithmeticShare = corpus.ArithmeticShare,
            Seed = (ulong)recipe.Seed,
            Reading = new CorpusReaderOptions
            {
                Chat = corpus.ChatTemplate is { } name ? ChatFormat.Named(name) : null,
                MasksPrompts = corpus.Scored == ScoredText.Replies,
                MaxBadLines = corpus.MaxBadLines,
                OnBadLine = line => context.Logger.LogWarning("left out: {Line}", line),
            },
        };
        PackedCorpusBuilder.Build(folder.In(RunFiles.TrainCorpus), CorpusMixer.Documents(train, tokenizer), tokenizer, options).Dispose();
        if (corpus.Heldout.Count == 0)
            return;
        var heldOut = train with { Files = [.. corpus.Heldout.Select(recipe.ResolvePath)], TextPasses = 1, Split = ArithmeticSplit.HeldOut };
        PackedCorpusBuilder.Build(folder.In(RunFiles.HeldOutCorpus), CorpusMixer.Documents(heldOut, tokenizer), tokenizer, options).Dispose();
    }
}
