using E3Scale.Evaluation.HeldOut;

namespace E3Scale.Evaluation.Tests.HeldOut;

// Shape suffixes in this file: N = positions, V = vocabulary.

public sealed class TokenScoresTests
{
    private const int Vocabulary = 3;

    // Probabilities of the rows: (1/2, 1/4, 1/4), (1/8, 1/8, 3/4), and one whose label is -1.
    private static readonly float[] s_model_NV = Logits([.5, .25, .25, .125, .125, .75, .2, .3, .5]);
    private static readonly float[] s_teacher_NV = Logits([.25, .5, .25, .25, .25, .5, .9, .05, .05]);
    private static readonly long[] s_labels_N = [0, 1, -1];

    [Fact]
    public void Add_WithTeacher_SumsWhatTheProbabilitiesSay()
    {
        TokenScores scores = new();
        scores.Add(s_model_NV, s_teacher_NV, s_labels_N, Vocabulary);

        Assert.Equal(2, scores.Tokens);
        Assert.Equal(Math.Log(2) + Math.Log(8), scores.Loss, 1e-6); // float32 logits
        Assert.Equal(1, scores.Right); // the first row's best is its label
        Assert.Equal(1, scores.Agreeing); // the second rows have the same best
        double first = .25 * Math.Log(.25 / .5) + .5 * Math.Log(.5 / .25), second = 2 * .25 * Math.Log(.25 / .125) + .5 * Math.Log(.5 / .75);
        Assert.Equal(first + second, scores.Kl, 1e-6);
        // m of the first row is (3/8, 3/8, 1/4), of the second (3/16, 3/16, 5/8).
        double left = .25 * Math.Log(.25 / .375) + .5 * Math.Log(.5 / .375) + .5 * Math.Log(.5 / .375) + .25 * Math.Log(.25 / .375);
        double right = 2 * .25 * Math.Log(.25 / .1875) + .5 * Math.Log(.5 / .625) + 2 * .125 * Math.Log(.125 / .1875) + .75 * Math.Log(.75 / .625);
        Assert.Equal((left + right) / 2, scores.JensenShannon, 1e-6);
        Assert.Equal([MathF.Log(.5f), MathF.Log(.125f)], scores.ModelLogProbabilities, (a, b) => MathF.Abs(a - b) < 1e-6);
        Assert.Equal([MathF.Log(.25f), MathF.Log(.25f)], scores.TeacherLogProbabilities, (a, b) => MathF.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Add_OffsetOfAllLogits_ChangesNothing()
    {
        TokenScores plain = new(), shifted = new();
        plain.Add(s_model_NV, s_teacher_NV, s_labels_N, Vocabulary);
        shifted.Add(Array.ConvertAll(s_model_NV, z => z + 64), Array.ConvertAll(s_teacher_NV, z => z - 32), s_labels_N, Vocabulary);

        Assert.Equal(plain.Loss, shifted.Loss, 1e-4); // float32 numbers near 64
        Assert.Equal(plain.Kl, shifted.Kl, 1e-4);
        Assert.Equal((plain.Right, plain.Agreeing), (shifted.Right, shifted.Agreeing));
    }

    [Fact]
    public void Add_TheTeacherItself_HasNoAgreement()
    {
        TokenScores scores = new();
        scores.Add(s_teacher_NV, [], s_labels_N, Vocabulary);

        Assert.Equal((2.0, 0.0, 0.0), (scores.Tokens, scores.Agreeing, scores.Kl));
        Assert.Equal(2 * Math.Log(4), scores.Loss, 1e-6);
    }

    [Fact]
    public void Add_EqualLogits_CountsTheLowerId()
    {
        TokenScores scores = new();
        scores.Add([1, 1, 0], [0, 1, 1], [0], Vocabulary);
        Assert.Equal((1.0, 0.0), (scores.Right, scores.Agreeing));
    }

    [Fact]
    public void FromArray_SumsOfTwoRanks_AreThoseOfOne()
    {
        TokenScores all = new(), first = new(), second = new();
        all.Add(s_model_NV, s_teacher_NV, s_labels_N, Vocabulary);
        first.Add(s_model_NV.AsSpan(0, 3), s_teacher_NV.AsSpan(0, 3), s_labels_N.AsSpan(0, 1), Vocabulary);
        second.Add(s_model_NV.AsSpan(3), s_teacher_NV.AsSpan(3), s_labels_N.AsSpan(1), Vocabulary);

        TokenScores sum = TokenScores.FromArray([.. first.ToArray().Zip(second.ToArray(), (a, b) => a + b)]);
        Assert.Equal(all.ToArray(), sum.ToArray());
    }

    private static float[] Logits(double[] probabilities) => Array.ConvertAll(probabilities, p => (float)Math.Log(p));
}
