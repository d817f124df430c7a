using E3Scale.Evaluation.Tasks;

namespace E3Scale.Evaluation.Tests.Tasks;

public sealed class RequestEncoderTests
{
    private readonly LetterTokenizer _tokenizer = new();

    [Fact]
    public void Encode_TokenAcrossTheBorder_IsCutWhereTheContextAloneEnds()
    {
        // "a:" has two tokens; "a: b" has three: a, the pair, b. So b alone is scored.
        EncodedRequest request = new RequestEncoder(_tokenizer, 64, null).Encode("a:", " b");
        Assert.Equal(_tokenizer.Encode("a: b"), request.Tokens);
        Assert.Equal(1, request.ScoredTokens);
    }

    [Fact]
    public void Encode_SpaceAtTheEndOfTheContext_CountsForTheContinuation()
    {
        EncodedRequest request = new RequestEncoder(_tokenizer, 64, null).Encode("ab  ", "c");
        Assert.Equal(_tokenizer.Encode("ab  c"), request.Tokens);
        Assert.Equal(3, request.ScoredTokens);
    }

    [Fact]
    public void Encode_TooLong_IsCutOnTheLeftAndKeepsOneTokenToPredictFrom()
    {
        EncodedRequest request = new RequestEncoder(_tokenizer, 4, null).Encode("abcdefgh", " xy");
        Assert.Equal(_tokenizer.Encode("gh xy"), request.Tokens); // 4 go in, the last is predicted
        Assert.Equal(3, request.ScoredTokens);
    }

    [Fact]
    public void Encode_EmptyContext_BeginsWithTheBeginToken()
    {
        EncodedRequest request = new RequestEncoder(_tokenizer, 64, null).Encode("", " b");
        Assert.Equal([0, .. _tokenizer.Encode(" b")], request.Tokens);
        Assert.Equal(2, request.ScoredTokens);
    }

    [Fact]
    public void Encode_ContinuationLongerThanTheModel_SaysSo()
    {
        var error = Assert.Throws<TaskException>(() => new RequestEncoder(_tokenizer, 4, null).Encode("a", " bcdef"));
        Assert.Contains("6 tokens, the model takes 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_NothingLeftToScore_SaysSo()
    {
        // The colon alone is a token, and so is the pair: nothing follows it.
        var error = Assert.Throws<TaskException>(() => new RequestEncoder(_tokenizer, 64, null).Encode("a:", " "));
        Assert.Contains("no token of its own", error.Message, StringComparison.Ordinal);
    }
}
