using System.Text.Json;

namespace Sluice.Api.Validation;

/// <summary>Where in a profile a template stands, which decides the placeholders it may use.</summary>
internal enum TemplatePlace
{
    FuseArgument,
    FuseVariable,
    Part,
    File,
    List,
    Drain,
    Setup,
    Load,
}

/// <summary>Holds every template of a profile against the placeholders of its place and what the profile declares.</summary>
internal sealed class ProfileTemplates(RuntimeProfileSpec profile, Fail fail)
{
    private static readonly string[] Shells = ["sh", "bash", "dash", "ash", "ksh", "zsh", "csh", "tcsh", "fish"];
    private static readonly string[] Launchers = ["busybox", "env", "toybox"];

    private readonly string[] _schemeVars = [.. profile.SchemeVars.Values.SelectMany(v => v.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public void CheckText(string path, string text, TemplatePlace place)
    {
        if (!Template.TryParse(text, out var template, out var error))
        {
            fail(path, error!);
            return;
        }
        foreach (var part in template.Parts)
        {
            if (part.IsPlaceholder && Problem(part.Text, place) is { } problem)
                fail(path, problem);
        }
    }

    /// <summary>A FUSE client's variables; a secret must be the whole value, since it becomes a reference.</summary>
    public void CheckVariables(string path, List<EnvironmentVariable> variables, TemplatePlace place)
    {
        for (var i = 0; i < variables.Count; i++)
        {
            var variable = variables[i];
            if (!NameRules.IsVariable(variable.Name))
                fail($"{path}[{i}].name", $"\"{variable.Name}\" is no name of an environment variable: use letters, digits and '_'");
            CheckText($"{path}[{i}].value", variable.Value, place);
            if (Template.TryParse(variable.Value, out var template, out _) && template.Single is null && template.Parts.Any(p => p.IsPlaceholder && IsSecret(p.Text)))
                fail($"{path}[{i}].value", "must be the placeholder of the secret alone, since it becomes a reference to the Secret's key");
        }
    }

    /// <summary>An argv: literal program, no shell, no item that a value could turn into a flag.</summary>
    public void CheckCommand(string path, List<string> command, TemplatePlace place)
    {
        for (var i = 0; i < command.Count; i++)
        {
            var itemPath = $"{path}[{i}]";
            CheckText(itemPath, command[i], place);
            if (!Template.TryParse(command[i], out var template, out _))
                continue;
            if (i == 0)
                CheckProgram(itemPath, template);
            else if (place == TemplatePlace.FuseArgument && template.Parts is [{ IsPlaceholder: true } first, ..] && !IsSecret(first.Text) && !Placeholders.MayStartItem.Contains(first.Text, StringComparer.Ordinal))
                fail(itemPath, $"must not begin with ${{{first.Text}}}, whose value could pass for a flag: write literal text before it, such as --name=${{{first.Text}}}");
        }
        if (command.Count > 1 && Launchers.Contains(FileName(command[0]), StringComparer.Ordinal) && command.Skip(1).Any(c => Shells.Contains(FileName(c), StringComparer.Ordinal)))
            fail(path, "must not start a shell: name the client itself, one argument per item");
    }

    /// <summary>Every string of a raw pod template.</summary>
    public void CheckRaw(string path, JsonElement element, TemplatePlace place)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                    CheckRaw($"{path}.{member.Name}", member.Value, place);
                break;
            case JsonValueKind.Array:
                var i = 0;
                foreach (var item in element.EnumerateArray())
                    CheckRaw($"{path}[{i++}]", item, place);
                break;
            case JsonValueKind.String:
                CheckText(path, element.GetString()!, place);
                break;
        }
    }

    private void CheckProgram(string path, Template template)
    {
        if (template.Text.Length == 0 || template.Parts.Any(p => p.IsPlaceholder))
            fail(path, "must be literal: it is the program that runs");
        else if (Shells.Contains(FileName(template.Text), StringComparer.Ordinal))
            fail(path, $"\"{template.Text}\" is a shell, which would read values as commands: name the client itself, one argument per item");
    }

    private static string FileName(string program) => program[(program.LastIndexOf('/') + 1)..];

    private string? Problem(string name, TemplatePlace place)
    {
        if (IsSecret(name))
        {
            return place is TemplatePlace.FuseVariable or TemplatePlace.Setup
                ? null
                : $"must not hold ${{{name}}}: secrets go into variables (env) or files, never where a process list shows them";
        }
        if (name.StartsWith(Placeholders.OptionPrefix, StringComparison.Ordinal))
            return Declared(name, name[Placeholders.OptionPrefix.Length..], profile.Options.Keys, "spec.options");
        if (name.StartsWith(Placeholders.SourceOptionPrefix, StringComparison.Ordinal))
            return Declared(name, name[Placeholders.SourceOptionPrefix.Length..], profile.Options.Keys, "spec.options");
        if (name.StartsWith(Placeholders.SchemePrefix, StringComparison.Ordinal))
            return Declared(name, name[Placeholders.SchemePrefix.Length..], _schemeVars, "spec.schemeVars");
        if (place is not (TemplatePlace.FuseArgument or TemplatePlace.FuseVariable) && name.StartsWith(Placeholders.ListPrefix, StringComparison.Ordinal))
            return Declared(name, name[Placeholders.ListPrefix.Length..], profile.Lists.Keys, "spec.lists");
        var known = Known(place);
        if (known.Contains(name, StringComparer.Ordinal))
            return null;
        return Manifests.Suggestion.Nearest(name, known) is { } near
            ? $"${{{name}}} is no placeholder here: did you mean ${{{near}}}? ($${{ writes a literal ${{)"
            : $"${{{name}}} is no placeholder here: see the list in the API reference, or write $${{ for a literal ${{";
    }

    private static IReadOnlyList<string> Known(TemplatePlace place) => place switch
    {
        TemplatePlace.FuseArgument or TemplatePlace.FuseVariable => Placeholders.Fuse,
        TemplatePlace.List => Placeholders.List,
        TemplatePlace.Drain => Placeholders.Drain,
        TemplatePlace.Load => Placeholders.Load,
        _ => Placeholders.Part,
    };

    private static bool IsSecret(string name) => name.StartsWith(Placeholders.SecretPrefix, StringComparison.Ordinal);

    private static string? Declared(string placeholder, string name, IEnumerable<string> declared, string where)
    {
        string[] names = [.. declared.Order(StringComparer.Ordinal)];
        if (names.Contains(name, StringComparer.Ordinal))
            return null;
        return $"${{{placeholder}}} is not declared: add {name} to {where}" + (names.Length == 0 ? "" : $", which has {string.Join(", ", names)}");
    }
}
