using System.CommandLine;
using System.CommandLine.Parsing;
using E3Scale.Launcher.Recipes;

namespace E3Scale.Launcher.Commands;

/// <summary>The options of every command that reads a recipe.</summary>
internal sealed class RecipeOptions
{
    private readonly Option<string> _recipe;

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Changes one field of the recipe: KEY=VALUE, for example search.temperature=2. May be repeated.",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Makes the options.</summary>
    /// <param name="isRequired">Whether the command can do nothing without a recipe.</param>
    public RecipeOptions(bool isRequired = true) =>
        _recipe = new Option<string>("--recipe") { Description = "The recipe of the run, a YAML file.", Required = isRequired };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_recipe);
        command.Add(_set);
    }

    /// <summary>Whether a recipe is on the command line.</summary>
    public bool IsGiven(CommandResult result) => result.GetValue(_recipe) is not null;

    /// <summary>Loads the recipe that the options name.</summary>
    /// <exception cref="RecipeException">The recipe cannot be used.</exception>
    public Recipe Load(ParseResult parsed) => RecipeLoader.Load(parsed.GetRequiredValue(_recipe), parsed.GetRequiredValue(_set));

    /// <summary>Loads the recipe that the options name; null when they name none.</summary>
    /// <exception cref="RecipeException">The recipe cannot be used.</exception>
    public Recipe? LoadIfGiven(ParseResult parsed) => parsed.GetValue(_recipe) is null ? null : Load(parsed);
}
