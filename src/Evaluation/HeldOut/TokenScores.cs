using E3Scale.Kernels;

namespace E3Scale.Evaluation.HeldOut;

// Shape suffixes in this file: N = positions, V = vocabulary.

/// <summary>Sums over scored tokens: loss, accuracy, and agreement with a teacher. Float64; rows come as float32.</summary>
public sealed class TokenScores
{
    private readonly List<float> _modelLogProbabilities = [], _teacherLogProbabilities = [];

    /// <summary>Scored tokens so far.</summary>
    public double Tokens { get; private set; }

    /// <summary>Sum of the next-token loss, nats.</summary>
    public double Loss { get; private set; }

    /// <summary>Tokens that were the first choice.</summary>
    public double Right { get; private set; }

    /// <summary>Tokens whose first choice is the teacher's.</summary>
    public double Agreeing { get; private set; }

    /// <summary>Sum of KL(teacher || model), nats.</summary>
    public double Kl { get; private set; }

    /// <summary>Sum of the Jensen-Shannon divergence of model and teacher, nats.</summary>
    public double JensenShannon { get; private set; }

    /// <summary>Logarithm of the probability that the model gives each scored token; only where there is a teacher, and only of this rank.</summary>
    public IReadOnlyList<float> ModelLogProbabilities => _modelLogProbabilities;

    /// <summary>The same of the teacher, in the same order.</summary>
    public IReadOnlyList<float> TeacherLogProbabilities => _teacherLogProbabilities;

    /// <summary>Adds the rows whose label is not negative.</summary>
    /// <param name="logits_NV">The model's logits, [N, V].</param>
    /// <param name="teacher_NV">The teacher's, [N, V]; empty for the teacher itself.</param>
    /// <param name="labels_N">Next tokens; negative where there is none to predict.</param>
    /// <param name="vocabulary">V.</param>
    public void Add(ReadOnlySpan<float> logits_NV, ReadOnlySpan<float> teacher_NV, ReadOnlySpan<long> labels_N, int vocabulary)
    {
        for (int n = 0; n < labels_N.Length; n++)
        {
            if (labels_N[n] < 0)
                continue;
            var row = logits_NV.Slice(n * vocabulary, vocabulary);
            int best = RowMath.ArgMax(row);
            double logSumExp = RowMath.LogSumExp(row);
            Tokens++;
            Loss += logSumExp - row[(int)labels_N[n]];
            Right += best == labels_N[n] ? 1 : 0;
            if (teacher_NV.IsEmpty)
                continue;
            var teacher = teacher_NV.Slice(n * vocabulary, vocabulary);
            Agreeing += best == RowMath.ArgMax(teacher) ? 1 : 0;
            Kl += KlDivergence.Token(teacher, row).LeftToRight;
            JensenShannon += JensenShannonDivergence.Token(teacher, row);
            _modelLogProbabilities.Add((float)(row[(int)labels_N[n]] - logSumExp));
            _teacherLogProbabilities.Add((float)(teacher[(int)labels_N[n]] - RowMath.LogSumExp(teacher)));
        }
    }

    /// <summary>The sums as an array, to be added up over ranks.</summary>
    public double[] ToArray() => [Tokens, Loss, Right, Agreeing, Kl, JensenShannon];

    /// <summary>The sums of all ranks.</summary>
    /// <param name="sums">What <see cref="ToArray"/> gave, added up.</param>
    public static TokenScores FromArray(double[] sums)
    {
        ArgumentNullException.ThrowIfNull(sums);
        return new TokenScores { Tokens = sums[0], Loss = sums[1], Right = sums[2], Agreeing = sums[3], Kl = sums[4], JensenShannon = sums[5] };
    }
}
