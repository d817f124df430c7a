using E3Scale.Evaluation.Tasks;

namespace E3Scale.Evaluation.Tests.Tasks;

public sealed class MathEquivalenceTests
{
    [Theory]
    [InlineData("5", "5")]
    [InlineData("5", "5.0")]
    [InlineData("025", "25")]
    [InlineData("-5", "$-5$")]
    [InlineData("1,000", "1000")]
    [InlineData("1{,}000", "1000")]
    [InlineData("\\$18", "18")]
    [InlineData("18.00", "$18")]
    [InlineData("50\\%", "50")]
    [InlineData("0.5", "\\frac{1}{2}")]
    [InlineData("1/2", "\\frac12")]
    [InlineData("\\dfrac{3}{4}", "\\tfrac34")]
    [InlineData("\\frac{6}{8}", "\\frac{3}{4}")]
    [InlineData("-\\frac{1}{2}", "\\frac{-1}{2}")]
    [InlineData("2\\frac{1}{2}", "\\frac{5}{2}")]
    [InlineData("\\frac{\\sqrt{3}}{3}", "\\frac{1}{\\sqrt3}")]
    [InlineData("2\\sqrt{2}", "\\sqrt{8}")]
    [InlineData("\\sqrt[3]{-8}", "-2")]
    [InlineData("3\\pi", "\\pi \\cdot 3")]
    [InlineData("90^\\circ", "90")]
    [InlineData("90^{\\circ}", "90\\text{ degrees}")]
    [InlineData("12 \\text{ cm}^2", "12")]
    [InlineData("12 square feet", "12")]
    [InlineData("x = 7", "7")]
    [InlineData("f(x) = 2x+1", "1+2x")]
    [InlineData("(x+1)^2", "x^2+2x+1")]
    [InlineData("x^2-1", "(x-1)(x+1)")]
    [InlineData("\\left( 3, \\frac{\\pi}{2} \\right)", "(3,\\pi/2)")]
    [InlineData("(0,1]", "\\left(0,1\\right]")]
    [InlineData("[2,\\infty)", "[2, \\infty)")]
    [InlineData("(-\\infty,0)\\cup(1,\\infty)", "(1,\\infty)\\cup(-\\infty,0)")]
    [InlineData("1,-2", "-2, 1")]
    [InlineData("\\{1,2,3\\}", "\\left\\{3,2,1\\right\\}")]
    [InlineData("1 \\pm \\sqrt{2}", "1-\\sqrt2, 1+\\sqrt2")]
    [InlineData("\\begin{pmatrix} 1 & 1/2 \\\\ 3 & 4 \\end{pmatrix}", "\\begin{bmatrix}1&0.5\\\\3&4\\end{bmatrix}")]
    [InlineData("\\text{Evelyn}", "Evelyn")]
    [InlineData("\\text{(C)}", "C")]
    [InlineData("(C)", "\\text{C}")]
    [InlineData("2516_8", "2516_{8}")]
    [InlineData("6 - 5i", "-5i+6")]
    [InlineData("\\binom{5}{2}", "10")]
    [InlineData("5!", "120")]
    [InlineData("\\log_2 8", "3")]
    [InlineData("|{-3}|", "3")]
    [InlineData("x \\le 3", "x\\leq3")]
    [InlineData("y = 2x + 3", "y=3+2x")]
    [InlineData("11\\sqrt{2}.", "11\\sqrt2")]
    [InlineData("x^10", "x^{10}")]
    [InlineData("1.2 \\times 10^3", "1200")]
    [InlineData(".5", "\\frac{1}{2}")]
    [InlineData("3 \\text{ or } 5", "3, 5")]
    [InlineData("x = 5 and x = 3", "3,5")]
    [InlineData("x \\in [-2,7]", "[-2,7]")]
    [InlineData("1 \\frac{1}{2}", "1.5")]
    [InlineData("\\sin^2 x", "1 - \\cos^2 x")]
    [InlineData("2^{-3}", "\\frac18")]
    [InlineData("a/b", "\\frac{a}{b}")]
    [InlineData("\\text{ocean and land}", "ocean and land")]
    public void AreEqual_SameValue_IsTrueBothWays(string answer, string expected)
    {
        Assert.True(MathEquivalence.AreEqual(answer, expected));
        Assert.True(MathEquivalence.AreEqual(expected, answer));
    }

    [Theory]
    [InlineData("5", "6")]
    [InlineData("5", "-5")]
    [InlineData("0.333", "\\frac{1}{3}")]
    [InlineData("0.0000001", "0")]
    [InlineData("(1,2)", "(2,1)")]
    [InlineData("(0,1)", "(0,1]")]
    [InlineData("1,2", "1,2,2")]
    [InlineData("1,1,2", "1,2,2")]
    [InlineData("x+1", "y+1")]
    [InlineData("x^2", "x")]
    [InlineData("\\sqrt{2}", "2")]
    [InlineData("2516_8", "2516_7")]
    [InlineData("A", "B")]
    [InlineData("x < 3", "x > 3")]
    [InlineData("x\\leq3", "x<3")]
    [InlineData("\\text{Evelyn}", "\\text{Evan}")]
    [InlineData("\\begin{pmatrix}1&2\\end{pmatrix}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}")]
    [InlineData("", "5")]
    [InlineData("\\frac{1}{0}", "5")]
    [InlineData("((((", "5")]
    [InlineData("2x+3", "2x+3y")]
    public void AreEqual_OtherValue_IsFalseBothWays(string answer, string expected)
    {
        Assert.False(MathEquivalence.AreEqual(answer, expected));
        Assert.False(MathEquivalence.AreEqual(expected, answer));
    }

    [Fact]
    public void AreEqual_DeepNesting_IsAnsweredWithoutRecursionWithoutEnd() =>
        Assert.False(MathEquivalence.AreEqual(new string('(', 399), new string('{', 399)));

    [SkippableFact]
    public void AreEqual_EveryPublishedAnswer_EqualsTheBoxOfItsSolution()
    {
        string path = TestSupport.SharedData.Require("data", "benchmarks", "math500.jsonl");
        var task = new Math500Task();
        foreach (AnswerItem item in TaskFile.Read(path).Select(task.Read))
            Assert.True(MathEquivalence.AreEqual(task.Extract(item.Solution) ?? "", item.Answer), $"{task.Extract(item.Solution)} and {item.Answer}");
    }
}
