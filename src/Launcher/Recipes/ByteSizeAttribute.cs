using System.ComponentModel.DataAnnotations;

namespace E3Scale.Launcher.Recipes;

/// <summary>A size in bytes, written with or without a unit.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ByteSizeAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is string text && ByteSize.Parse(text) is not null;

    /// <inheritdoc/>
    public override string FormatErrorMessage(string name) => ByteSize.Expected;
}
