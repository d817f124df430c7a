namespace E3Scale.Pruner.Search;

/// <summary>One draw of the layer mask: what the student runs with, and how the scores that it was drawn from get their gradient.</summary>
public interface IMaskDraw
{
    /// <summary>What each layer counts for, [L]: from 0, gone, to 1, whole.</summary>
    IReadOnlyList<double> Gates { get; }

    /// <summary>Takes a gradient from the gates to the scores.</summary>
    /// <param name="lossByMask">dLoss/dgate of every layer, [L]; 0 where the layer did not run.</param>
    /// <param name="lossByScores">Receives dLoss/dscores, [L]; overwritten. Protected layers get 0.</param>
    void Backward(ReadOnlySpan<double> lossByMask, Span<double> lossByScores);
}
