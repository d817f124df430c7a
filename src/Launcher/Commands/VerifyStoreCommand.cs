using System.CommandLine;
using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Ranks;
using E3Scale.LogitStore;

namespace E3Scale.Launcher.Commands;

/// <summary><c>e3scale verify-store</c>: reads every byte of a logit store and checks every checksum.</summary>
internal static class VerifyStoreCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var folder = new Argument<string>("store") { Description = "Folder of the store: store/ of a run." };
        var command = new Command("verify-store", "Reads a whole logit store and checks every checksum, count and value.") { folder };
        command.SetAction(parsed => Verify(parsed.GetRequiredValue(folder)));
        return command;
    }

    private static int Verify(string folder)
    {
        try
        {
            using var reader = LogitStoreReader.Open(folder, StoreExpectation.Any);
            var progress = SinkProgress.OnStandardError();
            progress.Begin("verify", reader.Manifest.Shards.Count, "shards");
            reader.VerifyAll(new ShardCounter(progress));
            Console.WriteLine($"{folder}: {reader.Manifest.Shards.Count} shards, {reader.Description.TokenCount} tokens, undamaged");
            return ExitCode.Success;
        }
        catch (LogitStoreException error)
        {
            Console.Error.WriteLine(error.Message);
            return ExitCode.Negative;
        }
    }

    // Progress<T> would report on another thread, after the end.
    private sealed class ShardCounter(SinkProgress progress) : IProgress<StoreShard>
    {
        private int _checked;

        public void Report(StoreShard value) => progress.Report(++_checked);
    }
}
