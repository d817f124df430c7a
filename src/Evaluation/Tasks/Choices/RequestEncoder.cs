using E3Scale.Data.Tokenizers;

namespace E3Scale.Evaluation.Tasks;

/// <summary>A text of which the end is scored.</summary>
/// <param name="Tokens">The whole text.</param>
/// <param name="ScoredTokens">How many tokens at its end are scored, at least one.</param>
internal sealed record EncodedRequest(int[] Tokens, int ScoredTokens);

/// <summary>Cuts context and continuation into tokens as lm-evaluation-harness does.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="maxTokens">Longest text that the model takes; what goes beyond is cut on the left.</param>
/// <param name="beginToken">Stands before every text; null for none.</param>
/// <remarks>
/// Both are encoded together, because tokens may span the border, and the continuation is what is left after as many tokens as the context alone
/// has. White space at the end of the context counts for the continuation: tokens begin with spaces, they do not end with them.
/// </remarks>
internal sealed class RequestEncoder(ITokenizer tokenizer, int maxTokens, int? beginToken)
{
    /// <summary>Tokens of a request.</summary>
    /// <param name="context">What stands before; may be empty.</param>
    /// <param name="continuation">What is scored.</param>
    /// <exception cref="TaskException">The continuation has no token of its own, or more than the model takes.</exception>
    public EncodedRequest Encode(string context, string continuation)
    {
        string trimmed = context.TrimEnd();
        continuation = context[trimmed.Length..] + continuation;
        int[] whole, before;
        if (trimmed.Length == 0)
        {
            // The model needs something to go on from; the harness takes the begin token, or the end token of models without one.
            before = [beginToken ?? tokenizer.BosId ?? tokenizer.EosId ?? throw new TaskException("the tokenizer has neither begin nor end token, which an empty context needs")];
            whole = [.. before, .. tokenizer.Encode(continuation)];
        }
        else
        {
            int[] start = beginToken is { } begin ? [begin] : [];
            before = [.. start, .. tokenizer.Encode(trimmed)];
            whole = [.. start, .. tokenizer.Encode(trimmed + continuation)];
        }
        int scored = whole.Length - before.Length;
        if (scored <= 0 || before.Length == 0)
            throw new TaskException($"'{continuation}' has no token of its own after '{Tail(trimmed)}' with this tokenizer, so nothing could be scored.");
        if (scored > maxTokens)
            throw new TaskException($"'{Tail(continuation)}' has {scored} tokens, the model takes {maxTokens}. Raise the longest length or leave the task out.");
        // One more than the model takes: the last token is only predicted.
        return new EncodedRequest(whole[Math.Max(0, whole.Length - maxTokens - 1)..], scored);
    }

    private static string Tail(string text) => text.Length <= 60 ? text : "..." + text[^60..];
}
