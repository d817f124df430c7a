namespace E3Scale.Evaluation.Chains;

/// <summary>
/// What k answers to a problem are worth, from n of them: the mean over all subsets of k, in closed form, so that no answer is left unused and
/// their order does not matter.
/// </summary>
public static class TriesEstimator
{
    /// <summary>Numbers of tries that are reported of n answers: the powers of two below n, and n.</summary>
    /// <param name="samples">Answers of a problem, n; 0 for none.</param>
    public static IReadOnlyList<int> TriesOf(int samples)
    {
        List<int> tries = [];
        for (int k = 1; k < samples; k *= 2)
            tries.Add(k);
        return samples > 0 ? [.. tries, samples] : [];
    }

    /// <summary>pass@k: the chance that one of k answers is right, 1 - C(n - c, k) / C(n, k).</summary>
    /// <param name="samples">Answers, n.</param>
    /// <param name="right">Right ones among them, c.</param>
    /// <param name="k">Tries, 1..n.</param>
    /// <remarks>Chen et al. 2021, "Evaluating large language models trained on code", section 2.1.</remarks>
    public static double Pass(int samples, int right, int k)
    {
        CheckTries(samples, k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(right, samples);
        if (samples - right < k)
            return 1;
        double allWrong = 1;
        for (int i = 0; i < k; i++)
            allWrong *= (double)(samples - right - i) / (samples - i);
        return 1 - allWrong;
    }

    /// <summary>
    /// maj@k: the chance that the most frequent of k answers is right. Answers that could not be read have no vote; of equally frequent answers
    /// each is as likely to be taken.
    /// </summary>
    /// <param name="answers">All answers; null where none could be read.</param>
    /// <param name="rightAnswer">The right one.</param>
    /// <param name="k">Tries, 1 to the number of answers.</param>
    public static double Majority(IReadOnlyCollection<int?> answers, int rightAnswer, int k)
    {
        CheckTries(answers.Count, k);
        int unread = answers.Count(answer => answer is null), right = answers.Count(answer => answer == rightAnswer);
        int[] wrong = [.. answers.OfType<int>().Where(answer => answer != rightAnswer).CountBy(answer => answer).Select(answer => answer.Value)];
        double won = 0;
        for (int votes = 1; votes <= Math.Min(right, k); votes++)
        {
            double[,] ways = WaysOfWrongVotes(wrong, unread, votes, k - votes);
            for (int ties = 0; ties <= wrong.Length; ties++)
                won += Choose(right, votes) * ways[k - votes, ties] / (ties + 1);
        }
        return won / Choose(answers.Count, k);
    }

    /// <summary>
    /// Ways to take a number of answers that are not right so that no wrong one has more than <paramref name="limit"/> votes: by answers taken, and
    /// by how many wrong ones have exactly so many votes.
    /// </summary>
    private static double[,] WaysOfWrongVotes(int[] wrong, int unread, int limit, int most)
    {
        var ways = new double[most + 1, wrong.Length + 1];
        for (int taken = 0; taken <= Math.Min(unread, most); taken++)
            ways[taken, 0] = Choose(unread, taken);
        foreach (int count in wrong)
        {
            var next = new double[most + 1, wrong.Length + 1];
            for (int taken = 0; taken <= most; taken++)
                for (int ties = 0; ties <= wrong.Length; ties++)
                    for (int votes = 0; ways[taken, ties] > 0 && votes <= Math.Min(Math.Min(count, limit), most - taken); votes++)
                        next[taken + votes, ties + (votes == limit ? 1 : 0)] += ways[taken, ties] * Choose(count, votes);
            ways = next;
        }
        return ways;
    }

    private static double Choose(int n, int k)
    {
        double ways = 1;
        for (int i = 0; i < k; i++)
            ways = ways * (n - i) / (i + 1);
        return ways;
    }

    private static void CheckTries(int samples, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, samples);
    }
}
