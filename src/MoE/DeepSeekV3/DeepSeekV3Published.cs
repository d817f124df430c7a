namespace E3Scale.MoE.DeepSeekV3;

/// <summary>The tensors of a published <c>deepseek_v3</c> checkpoint, multi-token prediction and FP8 scales included.</summary>
internal static class DeepSeekV3Published
{
    public static IEnumerable<PublishedTensor> Tensors(ConfigReader reader, IDecoderWeightNames names)
    {
        DecoderConfig config = DeepSeekV3Config.Parse(reader);
        int predictionLayers = DeepSeekV3Config.PredictionLayerCount(reader);
        BlockQuantization? blocks = reader.Has("quantization_config") ? BlockQuantization.Read(reader) : null;
        foreach (WeightShape weight in DecoderWeights.All(config))
            foreach (PublishedTensor tensor in Stored(weight, names, blocks))
                yield return tensor;
        for (int layer = config.LayerCount; layer < config.LayerCount + predictionLayers; layer++)
            foreach (PublishedTensor tensor in Prediction(config, layer, names, blocks))
                yield return tensor;
    }

    /// <summary>A prediction layer: a mixture-of-experts layer with an embedding, a projection of two streams into one, and a head of its own.</summary>
    private static IEnumerable<PublishedTensor> Prediction(DecoderConfig config, int layer, IDecoderWeightNames names, BlockQuantization? blocks)
    {
        long hidden = config.HiddenSize, vocabulary = config.VocabularySize;
        string prefix = $"{names.LayerPrefix}{layer}.";
        foreach (WeightShape weight in DecoderWeights.OfLayer(config, config.LayerCount - 1))
            foreach (PublishedTensor tensor in Stored(weight with { Layer = layer }, names, blocks))
                yield return tensor;
        yield return new PublishedTensor(prefix + "embed_tokens.weight", SafetensorsType.BF16, [vocabulary, hidden]);
        yield return new PublishedTensor(prefix + "enorm.weight", SafetensorsType.BF16, [hidden]);
        yield return new PublishedTensor(prefix + "hnorm.weight", SafetensorsType.BF16, [hidden]);
        yield return new PublishedTensor(prefix + "eh_proj.weight", SafetensorsType.BF16, [hidden, 2 * hidden]);
        yield return new PublishedTensor(prefix + "shared_head.norm.weight", SafetensorsType.BF16, [hidden]);
        yield return new PublishedTensor(prefix + "shared_head.head.weight", SafetensorsType.BF16, [vocabulary, hidden]);
    }

    /// <summary>Projections of attention, MLPs and experts are FP8 with a scale per block; everything else is bfloat16, the correction bias float32.</summary>
    private static IEnumerable<PublishedTensor> Stored(WeightShape weight, IDecoderWeightNames names, BlockQuantization? blocks)
    {
        string name = weight.NameIn(names);
        if (blocks is null || !weight.IsStoredInFp8)
        {
            yield return new PublishedTensor(name, names.StaysFloat32(name) ? SafetensorsType.F32 : SafetensorsType.BF16, weight.Shape);
            yield break;
        }
        yield return new PublishedTensor(name, SafetensorsType.F8_E4M3, weight.Shape);
        yield return new PublishedTensor(
            name + TensorRoles.ScaleSuffix, SafetensorsType.F32, blocks.ScaleShape(weight.Shape[0], weight.Shape[1]));
    }
}
