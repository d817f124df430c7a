namespace E3Scale.Evaluation.Tasks;

/// <summary>A benchmark task cannot be run: unknown name, or a missing or damaged file of items.</summary>
/// <param name="message">The file or name, what was found, what was expected.</param>
public sealed class TaskException(string message) : Exception(message);
