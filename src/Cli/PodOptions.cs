using System.CommandLine;

namespace Sluice.Cli;

/// <summary>Options that commands about pods have in common: one place for their names and words.</summary>
internal static class PodOptions
{
    public const string DefaultNamespace = "default";

    public static Option<string[]> Files() => new("--filename", "-f")
    {
        Description = "What to read: files, directories, or - for standard input. May be given several times.",
        HelpName = "FILE|-",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
    };

    public static Option<string> Catalog() => new("--catalog")
    {
        Description = "Directory with the Datasets, Runtimes, RuntimeProfiles, TenantPolicies and Namespaces to decide by.",
        HelpName = "DIR",
        Required = true,
    };

    public static Option<string> Namespace() => new("--namespace", "-n")
    {
        Description = "Namespace of objects that name none.",
        HelpName = "NS",
        DefaultValueFactory = _ => DefaultNamespace,
    };

    /// <summary><c>-o</c>, with the words of <typeparamref name="T"/> in lower case; its first one is the default.</summary>
    public static Option<string> Output<T>(string description)
        where T : struct, Enum
    {
        var words = Enum.GetNames<T>().Select(name => name.ToLowerInvariant()).ToArray();
        var option = new Option<string>("--output", "-o")
        {
            Description = description,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => words[0],
        };
        option.CompletionSources.Add(words);
        // Not AcceptOnlyFromAmong: its message has a line for each word and does not name the option.
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !words.Contains(token.Value, StringComparer.Ordinal)))
                result.AddError($"--output: \"{token.Value}\" is none of {string.Join(", ", words)}.");
        });
        return option;
    }

    public static T ValueOf<T>(string word)
        where T : struct, Enum => Enum.Parse<T>(word, ignoreCase: true);
}
