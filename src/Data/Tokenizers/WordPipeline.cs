using System.Runtime.InteropServices;

namespace E3Scale.Data.Tokenizers;

/// <summary>Cuts a text into words, stage by stage, and turns the words into ids.</summary>
/// <remarks>
/// What the stages from number k on make of a piece depends on its text alone, so it is remembered for the stage that the piece came to:
/// most words of a text are looked up right after the first cut and never see the later expressions.
/// </remarks>
internal sealed class WordPipeline
{
    private readonly IReadOnlyList<IPreTokenizer> _stages;
    private readonly BytePairModel _model;
    private readonly PieceCache[] _caches; // one for the input of each stage, and one for the words
    private readonly int _firstCached;

    public WordPipeline(IReadOnlyList<IPreTokenizer> stages, BytePairModel model)
    {
        _stages = stages;
        _model = model;
        _caches = [.. Enumerable.Range(0, stages.Count + 1).Select(_ => new PieceCache())];
        for (int stage = 0; stage < stages.Count; stage++)
            if (stages[stage].DependsOnPosition)
                _firstCached = stage + 1;
    }

    /// <summary>Appends the ids of a text.</summary>
    public void Encode(TextPiece text, List<int> ids)
    {
        if (text.Length > 0)
            Encode(text, 0, ids);
    }

    private void Encode(TextPiece piece, int stage, List<int> ids)
    {
        bool isCached = stage >= _firstCached && piece.Length <= PieceCache.MaxLength;
        if (isCached && _caches[stage].TryAppend(piece.Span, ids))
            return;
        int first = ids.Count;
        var pieces = new List<TextPiece>();
        if (TryCut(piece, stage, pieces, out int next))
            foreach (var part in pieces)
                Encode(part, next, ids);
        else
            _model.EncodeWord(piece.Span, ids);
        if (isCached)
            _caches[stage].Add(piece.Span, CollectionsMarshal.AsSpan(ids)[first..]);
    }

    /// <summary>
    /// Cuts a piece by the first stage that does not leave it whole: one entry in a cache is enough for a piece that many stages pass on.
    /// </summary>
    /// <param name="piece">What to cut.</param>
    /// <param name="stage">First stage to try.</param>
    /// <param name="pieces">Empty; receives the parts.</param>
    /// <param name="next">Stage that the parts go to.</param>
    /// <returns>False when no stage cuts it, so that it is a word.</returns>
    private bool TryCut(TextPiece piece, int stage, List<TextPiece> pieces, out int next)
    {
        for (next = stage; next < _stages.Count;)
        {
            pieces.Clear();
            _stages[next++].Split(piece, pieces);
            bool isWhole = pieces is [var only] && ReferenceEquals(only.Text, piece.Text) && (only.Start, only.Length) == (piece.Start, piece.Length);
            if (!isWhole || next == _firstCached) // from here on pieces are looked up
                return true;
        }
        return false;
    }
}
