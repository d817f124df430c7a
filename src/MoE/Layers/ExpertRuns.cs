using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: R = rows of all experts.

/// <summary>Some rows of one expert.</summary>
/// <param name="Expert">Whose.</param>
/// <param name="Start">First row.</param>
/// <param name="Count">Rows.</param>
/// <param name="End">Rows from here on are not to be written: another thread has them.</param>
internal readonly record struct ExpertRun(GatedMlp Expert, long Start, long Count, long End);

/// <summary>
/// Rows sorted by expert, dealt to threads: each works on a run of rows, or on some experts, with products of its own. Threads then meet once for all experts and
/// not in every product, of which those of few rows gain little from a second thread.
/// </summary>
internal static class ExpertRuns
{
    /// <summary>Deals rows in equal shares, cut within an expert where that is needed.</summary>
    /// <param name="experts">The experts.</param>
    /// <param name="rowsPerExpert">Rows of each.</param>
    /// <param name="rows_R">Tells the device: only on the CPU there are threads to deal to.</param>
    /// <param name="work">Writes a run's rows of a result that is whole when all are done; runs of a thread come in ascending order.</param>
    public static void ForEachRow(IReadOnlyList<GatedMlp> experts, int[] rowsPerExpert, Tensor rows_R, Action<ExpertRun> work)
    {
        long rows = rows_R.shape[0];
        OnThreads((int)Math.Min(ThreadsFor(rows_R), rows), (part, parts) =>
        {
            foreach (var run in Share(experts, rowsPerExpert, rows, part, parts))
                work(run);
        });
    }

    /// <summary>Deals whole experts.</summary>
    /// <param name="experts">The experts.</param>
    /// <param name="rowsPerExpert">Rows of each; those without any are left out.</param>
    /// <param name="rows_R">Tells the device.</param>
    /// <param name="work">Called once for each expert, in any order.</param>
    public static void ForEachExpert(IReadOnlyList<GatedMlp> experts, int[] rowsPerExpert, Tensor rows_R, Action<ExpertRun> work)
    {
        ExpertRun[] all = [.. All(experts, rowsPerExpert)];
        int next = -1;
        OnThreads((int)Math.Min(ThreadsFor(rows_R), all.Length), (_, _) =>
        {
            while (Interlocked.Increment(ref next) is var i && i < all.Length)
                work(all[i]);
        });
    }

    /// <summary>Every expert that has rows, with all of them.</summary>
    /// <param name="experts">The experts.</param>
    /// <param name="rowsPerExpert">Rows of each.</param>
    public static IEnumerable<ExpertRun> All(IReadOnlyList<GatedMlp> experts, int[] rowsPerExpert) =>
        Share(experts, rowsPerExpert, rowsPerExpert.Sum(row => (long)row), 0, 1);

    /// <summary>One thread's runs.</summary>
    internal static IEnumerable<ExpertRun> Share(IReadOnlyList<GatedMlp> experts, int[] rowsPerExpert, long rows, int part, int parts)
    {
        long from = Cut(part), end = Cut(part + 1), start = 0;
        for (int e = 0; e < rowsPerExpert.Length; start += rowsPerExpert[e++])
        {
            long first = Math.Max(from, start), behind = Math.Min(end, start + rowsPerExpert[e]);
            if (first < behind)
                yield return new ExpertRun(experts[e], first, behind - first, end);
        }

        // Within an expert at a whole number of blocks, so that both threads' products are of usual sizes.
        long Cut(int boundary)
        {
            long wanted = rows * boundary / parts, begin = 0;
            foreach (int count in rowsPerExpert)
            {
                if (wanted < begin + count)
                    return begin + Math.Min(count, (wanted - begin + RowBlocks.BlockRows / 2) / RowBlocks.BlockRows * RowBlocks.BlockRows);
                begin += count;
            }
            return rows;
        }
    }

    private static int ThreadsFor(Tensor rows_R) => rows_R.device_type == DeviceType.CPU ? get_num_threads() : 1;

    private static void OnThreads(int threads, Action<int, int> work)
    {
        if (threads <= 1)
        {
            work(0, 1);
            return;
        }
        RowLoop.OnThreads(threads, part =>
        {
            using var scope = NewDisposeScope(); // both are the thread's own
            using var _ = no_grad();
            work(part, threads);
        });
    }
}
