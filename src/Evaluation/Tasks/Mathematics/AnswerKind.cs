namespace E3Scale.Evaluation.Tasks;

/// <summary>What an answer is made of.</summary>
internal enum AnswerKind
{
    /// <summary>One value or expression.</summary>
    Single,

    /// <summary>A set, or values with commas between: their order says nothing.</summary>
    Unordered,

    /// <summary>A tuple, point or interval: values in brackets.</summary>
    Ordered,

    /// <summary>A matrix, row by row.</summary>
    Matrix,

    /// <summary>Both sides of an equation or inequality.</summary>
    Relation,
}
