namespace E3Scale.Pruner.Distillation;

/// <summary>Whose entropy weighs a token.</summary>
public enum EntropyOwner
{
    /// <summary>The teacher's, a constant of the data. The default.</summary>
    Teacher,

    /// <summary>The student's as it is now, taken as a constant: no gradient goes through it. Falls on what the student has not learnt yet.</summary>
    Student,
}
