using System.Diagnostics;
using System.Globalization;

namespace E3Scale.LogitStore.Tests;

public sealed class MemoryLimitTests : IDisposable
{
    private const long HeapLimitBytes = 48L << 20;

    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void Read_StoreLargerThanMemory_WorksInShuffledOrder()
    {
        // 16-bit keys without pattern do not compress: twice the memory that the program gets.
        var description = TestStore.Describe(topK: 256, vocabulary: 60_000, length: 64, sequences: 3072, perShard: 256, perBatch: 8);
        long sum = 0;
        using (var writer = LogitStoreWriter.Open(_store.Directory, description, 0, 1, compressionLevel: 1))
            for (long sequence = 0; sequence < description.SequenceCount; sequence++)
                sum += AppendRandom(writer, sequence);
        var manifest = LogitStoreWriter.Complete(_store.Directory, description);
        Assert.InRange(manifest.Shards.Sum(shard => shard.Bytes), 2 * HeapLimitBytes, long.MaxValue);

        string output = RunReadProgram();

        Assert.Equal(sum.ToString(CultureInfo.InvariantCulture), output.Trim());
    }

    private static long AppendRandom(LogitStoreWriter writer, long sequence)
    {
        Random random = new((int)sequence);
        var (length, topK) = (writer.Description.SequenceLength, writer.Description.TopK);
        SequenceLogits values = new(length, topK);
        for (int i = 0; i < values.Ids.Length; i++)
        {
            values.Ids[i] = random.Next(writer.Description.VocabularySize);
            values.Logits[i] = 8 - i % topK * 0.0625f;
        }
        values.LogSumExp.AsSpan().Fill(9);
        writer.Append(sequence, values.Ids, values.Logits, values.LogSumExp, values.Entropy);
        return values.Ids.Sum(id => (long)id);
    }

    private string RunReadProgram()
    {
        ProcessStartInfo start = new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "E3Scale.LogitStore.ReadProgram.dll"), _store.Directory])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x" + HeapLimitBytes.ToString("X", CultureInfo.InvariantCulture);
        // A collection beside the running program lets garbage pile up to the limit now and then; the limit is for what is in use.
        start.Environment["DOTNET_gcConcurrent"] = "0";
        using Process process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return output;
    }
}
