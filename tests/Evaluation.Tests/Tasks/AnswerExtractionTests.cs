using E3Scale.Evaluation.Tasks;

namespace E3Scale.Evaluation.Tests.Tasks;

public sealed class AnswerExtractionTests
{
    [Theory]
    [InlineData("so \\boxed{5} eggs", "5")]
    [InlineData("first \\boxed{5}, then \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}")]
    [InlineData("\\boxed 7", "7")]
    [InlineData("\\boxed{5} and \\boxed{unfinished", "5")]
    [InlineData("<think>\\boxed{1}</think> It is \\boxed{2}", "2")]
    [InlineData("Final Answer: The final answer is $\\frac12$. I hope it is correct.", "$\\frac12$")]
    [InlineData("The answer is x + 1.", "x + 1")]
    [InlineData("it costs 3 or 4.50", "4.50")]
    [InlineData("none", null)]
    [InlineData("", null)]
    public void Expression_Text_IsTheBoxThenTheWordsThenTheLastNumber(string text, string? expected) => Assert.Equal(expected, AnswerExtraction.Expression(text));

    [Theory]
    [InlineData("2 + 3 = <<2+3=5>>5\n#### 5", "5")]
    [InlineData("#### 1,234\n", "1,234")]
    [InlineData("She has 3 apples and 14 pears. So 17.", "17")]
    [InlineData("about $-2.5$ degrees", "-2.5")]
    [InlineData("\\boxed{204}", "204")]
    [InlineData("no idea", null)]
    public void Number_Text_IsTheBoxThenTheMarkThenTheLastNumber(string text, string? expected) => Assert.Equal(expected, AnswerExtraction.Number(text));
}
