using E3Scale.TestSupport;

namespace E3Scale.MoE.Tests.Configuration;

public sealed class GoldenConfigTests
{
    public static TheoryData<string> Models => GoldenModels.All;

    [SkippableFact]
    public void ParseConfig_DeepSeekWithQueryLoraAndYarn_GivesEveryField()
    {
        using HuggingFaceCheckpoint checkpoint = Open("deepseek_qlora_yarn");
        DecoderConfig config = checkpoint.Config;
        Assert.Equal(
            new LatentAttentionConfig
            {
                HeadCount = 4,
                QueryLoraRank = 32,
                KeyValueLoraRank = 16,
                NopeHeadDim = 16,
                RopeHeadDim = 16,
                ValueHeadDim = 12,
            },
            config.Attention);
        Assert.Equal(new RopeConfig(10000, 16, Interleaved: true, new YarnConfig(40, 4096, 32, 1, 1, 1)), config.Rope);
        MoeConfig moe = config.Moe!;
        Assert.Equal([false, true, true, true, true], moe.LayerIsMoe);
        Assert.Equal((8, 3, 4, 2), (moe.RoutedExpertCount, moe.ExpertsPerToken, moe.GroupCount, moe.GroupsPerToken));
        Assert.Equal((20, 20), (moe.ExpertIntermediateSize, moe.SharedIntermediateSize));
        Assert.Equal((2.5, true, true), (moe.RoutedScaling, moe.NormalizeWeights, moe.HasCorrectionBias));
        Assert.Equal((192, 64, 5, 128), (config.VocabularySize, config.HiddenSize, config.LayerCount, config.IntermediateSize));
        Assert.Equal((1e-6, false, 163840), (config.RmsNormEpsilon, config.TieWordEmbeddings, config.MaxPositions));
        Assert.Equal((0, 1), (config.BosTokenId, config.EosTokenId));
    }

    [SkippableFact]
    public void ParseConfig_DeepSeekWithoutQueryLora_HasPlainQueryAndPlainRope()
    {
        using HuggingFaceCheckpoint checkpoint = Open("deepseek_noqlora_plainrope");
        Assert.Null(((LatentAttentionConfig)checkpoint.Config.Attention).QueryLoraRank);
        Assert.Equal(new RopeConfig(50000, 8, Interleaved: true), checkpoint.Config.Rope);
        Assert.Equal(24, checkpoint.Config.Moe!.SharedIntermediateSize);
        Assert.Equal(1.5, checkpoint.Config.Moe.RoutedScaling);
    }

    [SkippableFact]
    public void ParseConfig_DeepSeekWithOtherYarnConstants_ReadsThem()
    {
        using HuggingFaceCheckpoint checkpoint = Open("deepseek_sharded_mtp");
        Assert.Equal(new YarnConfig(4, 64, 8, 1, 0.707, 0.707), checkpoint.Config.Rope.Yarn);
        Assert.Equal(1000, checkpoint.Config.Rope.Theta);
        Assert.Equal(5, checkpoint.Config.LayerCount);
    }

    [SkippableTheory]
    [InlineData("llama2_mha", 4, 4, 12)]
    [InlineData("llama2_gqa", 8, 2, 8)]
    public void ParseConfig_Llama2_FillsInWhatOldFilesLack(string folder, int heads, int keyValueHeads, int headDim)
    {
        using HuggingFaceCheckpoint checkpoint = Open(folder);
        Assert.Equal(
            new GroupedQueryAttentionConfig { HeadCount = heads, KeyValueHeadCount = keyValueHeads, HeadDim = headDim },
            checkpoint.Config.Attention);
        Assert.Equal(new RopeConfig(10000, headDim, Interleaved: false), checkpoint.Config.Rope);
        Assert.Equal(1e-5, checkpoint.Config.RmsNormEpsilon);
        Assert.Null(checkpoint.Config.Moe);
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Names_EveryTensorOfTheFolder_IsOneTheFamilyCallsSo(string folder)
    {
        using HuggingFaceCheckpoint checkpoint = Open(folder);
        Assert.Empty(checkpoint.TensorNames.Except(WeightNamesOf(checkpoint)));
    }

    /// <summary>Every name a family can give, whether or not this model has the weight.</summary>
    private static HashSet<string> WeightNamesOf(HuggingFaceCheckpoint checkpoint)
    {
        IDecoderWeightNames names = checkpoint.Names;
        HashSet<string> all = [names.Embedding, names.FinalNorm, names.Head];
        for (int layer = 0; layer < checkpoint.Config.LayerCount; layer++)
            foreach (LayerWeight weight in Enum.GetValues<LayerWeight>())
                for (int expert = 0; expert < (checkpoint.Config.Moe?.RoutedExpertCount ?? 1); expert++)
                {
                    try
                    {
                        string name = names.InLayer(layer, weight, expert);
                        all.Add(name);
                        if (checkpoint.Config.Attention.Bias && weight is LayerWeight.Query or LayerWeight.Key or LayerWeight.Value)
                            all.Add(Path.ChangeExtension(name, ".bias"));
                    }
                    catch (ArgumentOutOfRangeException)
                    {
                        // A role that this architecture lacks.
                    }
                }
        return all;
    }

    private static HuggingFaceCheckpoint Open(string folder) => HuggingFaceCheckpoint.Open(SharedData.Require("golden", folder));
}
