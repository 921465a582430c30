namespace Sluice.Api.Validation;

/// <summary>What can be said about option values before the profile is known.</summary>
internal static class OptionRules
{
    public static void CheckText(string path, Dictionary<string, string> options, Fail fail)
    {
        foreach (var (name, value) in options)
        {
            if (!IsName(name))
                fail($"{path}[{name}]", "is not an option's name: use letters, digits and '_', beginning with a letter");
            if (value.Any(char.IsControl))
                fail($"{path}[{name}]", "must not hold control characters such as a line break: write it on one line");
        }
    }

    public static bool IsName(string name) =>
        name.Length is > 0 and <= 63 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_');
}
