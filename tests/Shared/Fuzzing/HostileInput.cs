using System.Text;

namespace E3Scale.TestSupport.Fuzzing;

/// <summary>What every reader of files from outside promises: a value, or its own exception that names the file, within a bound on memory.</summary>
internal static class HostileInput
{
    private const int ShownCharacters = 4000;

    /// <summary>Reads a damaged file, or fails the test.</summary>
    /// <typeparam name="TException">The exception of the reader.</typeparam>
    /// <param name="read">Reads the file.</param>
    /// <param name="place">What a message must name: the file or its folder.</param>
    /// <param name="maxBytes">Most bytes that may be allocated on the managed heap.</param>
    /// <param name="content">The damaged file, shown when the test fails.</param>
    /// <returns>Whether the file was read.</returns>
    public static bool Read<TException>(Action read, string place, long maxBytes, byte[] content)
        where TException : Exception
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isRead = true;
        try
        {
            read();
        }
        catch (TException e)
        {
            isRead = false;
            Assert.True(e.Message.Contains(place, StringComparison.Ordinal), $"the message does not name {place}: {e.Message}");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.GetType().Name}, expected {typeof(TException).Name}, from: {Show(content)}", e);
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= maxBytes, $"{allocated} bytes allocated, expected at most {maxBytes}, for {content.Length} bytes: {Show(content)}");
        return isRead;
    }

    private static string Show(byte[] content) => Encoding.UTF8.GetString(content.AsSpan(0, Math.Min(content.Length, ShownCharacters)));
}
