using E3Scale.LogitStore.Arrow;
using E3Scale.LogitStore.Shards;
using E3Scale.LogitStore.Zstd;
using E3Scale.TestSupport.Fuzzing;

namespace E3Scale.LogitStore.Tests;

/// <summary>
/// Damaged and hostile shards and manifests: a clear error, or the very values that were written; never a crash, other values, or more
/// memory than the size of the file and the manifest account for. The target Fuzz runs the same tests on many more files.
/// </summary>
public sealed class StoreFuzzTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(StoreEncoding.Exact)]
    [InlineData(StoreEncoding.Compact)]
    public void ReadBatch_MutatedShard_ThrowsOrGivesTheOriginalValues(StoreEncoding encoding)
    {
        var description = TestStore.Describe(encoding, topK: 4, sequences: 4);
        _store.Write(description);
        byte[] original = File.ReadAllBytes(_store.PathOf(0));
        SequenceLogits[] written = ReadAll(description)!;
        Random random = new(20);
        int refused = 0, files = FuzzFiles.Share(percent: 30);
        for (int round = 0; round < files; round++)
        {
            File.WriteAllBytes(_store.PathOf(0), ByteMutator.Mutate(original, random));
            if (ReadWithinBounds(description) is not { } found)
            {
                refused++;
                continue;
            }
            for (int sequence = 0; sequence < found.Length; sequence++)
            {
                Assert.Equal(written[sequence].Ids, found[sequence].Ids);
                Assert.Equal(written[sequence].Logits, found[sequence].Logits);
                Assert.Equal(written[sequence].LogSumExp, found[sequence].LogSumExp);
                Assert.Equal(written[sequence].Entropy, found[sequence].Entropy);
            }
        }
        Assert.True(refused > files / 2, $"only {refused} of {files} mutations were noticed");
    }

    [Theory]
    [InlineData(StoreEncoding.Exact)]
    [InlineData(StoreEncoding.Compact)]
    public void ReadBatch_WellFormedShardOfRandomValues_ThrowsOrGivesPossibleValues(StoreEncoding encoding)
    {
        var description = TestStore.Describe(encoding, topK: 4, sequences: 4);
        Random random = new(23);
        int read = 0, files = FuzzFiles.Share(percent: 15);
        for (int round = 0; round < files; round++)
        {
            WriteRandomShard(description, random);
            if (ReadWithinBounds(description) is not { } found)
                continue;
            read++;
            foreach (SequenceLogits values in found)
            {
                Assert.All(values.Ids, id => Assert.InRange(id, 0, description.VocabularySize - 1));
                Assert.All(values.Logits.Concat(values.LogSumExp).Concat(values.Entropy), value => Assert.True(float.IsFinite(value)));
            }
        }
        Assert.InRange(read, 1, files - 1); // both ends are met
    }

    [Fact]
    public void VerifyAll_MutatedShard_AlwaysThrows()
    {
        var description = TestStore.Describe(topK: 4, sequences: 4);
        _store.Write(description);
        byte[] original = File.ReadAllBytes(_store.PathOf(0));
        using var reader = LogitStoreReader.Open(_store.Directory, StoreExpectation.Any);
        Random random = new(21);
        for (int round = 0; round < FuzzFiles.Share(percent: 5); round++)
        {
            File.WriteAllBytes(_store.PathOf(0), ByteMutator.Mutate(original, random));
            var exception = Assert.Throws<LogitStoreException>(() => reader.VerifyAll());
            Assert.Contains("shard-000000.arrow", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_MutatedManifest_ThrowsOrReads()
    {
        var description = TestStore.Describe(sequences: 4);
        _store.Write(description);
        string path = Path.Combine(_store.Directory, StoreManifest.FileName);
        byte[] original = File.ReadAllBytes(path);
        Random random = new(22);
        for (int round = 0; round < FuzzFiles.Share(percent: 5); round++)
        {
            File.WriteAllBytes(path, ByteMutator.Mutate(original, random));
            try
            {
                using var reader = LogitStoreReader.Open(_store.Directory, StoreExpectation.Any);
                reader.VerifyAll();
            }
            catch (LogitStoreException)
            {
                // what is asked for
            }
        }
    }

    /// <summary>What a checksum cannot catch: every frame is whole, the numbers in it are anything.</summary>
    private void WriteRandomShard(StoreDescription description, Random random)
    {
        var fields = ShardSchema.Fields(description, _ => ArrowType.UInt8);
        using FileStream stream = File.Create(_store.PathOf(0));
        using ArrowFileWriter writer = new(stream, new ArrowSchema(fields, ShardSchema.Metadata(description, 0)), Compressor.DefaultLevel);
        int largestKey = random.Next(1, 4), values = random.Next(1, 5);
        foreach (var field in fields.Where(field => field.Dictionary is not null))
            writer.WriteDictionary(field.Dictionary!, RandomValues(field, values, description, random));
        for (int batch = 0; batch < description.BatchesInShard(0); batch++)
        {
            int rows = description.SequencesInBatch(0, batch) * description.SequenceLength;
            int firstSequence = batch * description.SequencesPerBatch;
            writer.WriteBatch(rows, [.. fields.Select(field => RandomColumn(field, rows, firstSequence, largestKey, description, random))]);
        }
        writer.Finish();
    }

    private static byte[] RandomValues(ArrowField field, int count, StoreDescription description, Random random)
    {
        byte[] bytes = new byte[count * sizeof(int)];
        for (int i = 0; i < count; i++)
        {
            var value = bytes.AsSpan(i * sizeof(int));
            if (random.Next(20) == 0)
                random.NextBytes(value[..sizeof(int)]); // mostly NaN, tiny, huge, or no id
            else if (field.Name == ShardSchema.Ids)
                BitConverter.TryWriteBytes(value, random.Next(description.VocabularySize));
            else
                BitConverter.TryWriteBytes(value, random.Next(1, 60) * 0.25f);
        }
        return bytes;
    }

    private static ReadOnlyMemory<byte> RandomColumn(
        ArrowField field, int rows, int firstSequence, int largestKey, StoreDescription description, Random random)
    {
        byte[] column = new byte[rows * field.ValuesPerRow * field.StorageType.ByteWidth()];
        if (field.Name == ShardSchema.Sequence)
            for (int row = 0; row < rows; row++)
                BitConverter.TryWriteBytes(column.AsSpan(row * sizeof(uint)), (uint)(firstSequence + row / description.SequenceLength));
        else if (field.Name is ShardSchema.Drops or ShardSchema.DropsHigh)
            for (int i = 0; i < column.Length; i++)
                column[i] = (byte)(random.Next(60) == 0 ? random.Next(256) : random.Next(40));
        else
            for (int i = 0; i < column.Length; i++)
                column[i] = (byte)random.Next(largestKey);
        return column;
    }

    /// <summary>Reads the first shard as a reader does, without the manifest's sizes, and counts what that allocates.</summary>
    private SequenceLogits[]? ReadWithinBounds(StoreDescription description)
    {
        long decodedBytes = description.TokenCount * (8 * description.TopK + 8);
        long fileBytes = new FileInfo(_store.PathOf(0)).Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        SequenceLogits[]? found = ReadAll(description);
        // Metadata is read into small objects, several times its size; the constant holds messages of exceptions and delegates.
        long bound = 16 * fileBytes + 16 * decodedBytes + (1 << 18);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, bound);
        return found;
    }

    private SequenceLogits[]? ReadAll(StoreDescription description)
    {
        try
        {
            using var shard = ShardReader.Open(_store.Directory, description, 0);
            var found = new SequenceLogits[description.SequenceCount];
            for (int sequence = 0; sequence < found.Length; sequence++)
            {
                found[sequence] = new SequenceLogits(description.SequenceLength, description.TopK);
                shard.ReadBatch(sequence / description.SequencesPerBatch).Decode(sequence, found[sequence]);
            }
            return found;
        }
        catch (LogitStoreException)
        {
            return null;
        }
    }
}
