using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Sluice.Cli;

/// <summary>
/// Answers <c>[suggest:POSITION] LINE</c> of completion scripts: the words that may stand at that place, one a line, nothing where
/// anything may stand. In the place of the library's own action (System.CommandLine 3.0), which throws for a cursor inside quotes
/// or behind <c>=</c>, and offers nothing any more once an option that may be repeated was given.
/// </summary>
internal sealed class SuggestAction(SuggestDirective directive, Terminal terminal) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var line = parseResult.Tokens.LastOrDefault(token => token.Type != TokenType.Directive)?.Value ?? "";
        var position = parseResult.GetResult(directive)?.Values is [var given]
            && int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? Math.Min(parsed, line.Length) : line.Length;
        foreach (var word in Of((RootCommand)parseResult.RootCommandResult.Command, line[..position]))
            terminal.Out.WriteLine(word);
        return ExitCode.Done;
    }

    /// <summary>What may follow <paramref name="line"/>, or complete its last word.</summary>
    private static IEnumerable<string> Of(RootCommand root, string line)
    {
        var words = CommandLineParser.SplitCommandLine(line).ToList();
        var begun = words.Count > 0 && !char.IsWhiteSpace(line[^1]) ? words[^1] : "";
        if (begun.Length > 0)
            words.RemoveAt(words.Count - 1);
        var before = root.Parse([.. words.Skip(1)]); // without the program's name
        var command = before.CommandResult.Command;
        var candidates = OptionThatTakes(begun, before) is { } option
            ? option.GetCompletions(CompletionContext.Empty)
            : command.GetCompletions(CompletionContext.Empty);
        return candidates.Select(candidate => candidate.InsertText ?? candidate.Label).Where(text => text.StartsWith(begun, StringComparison.Ordinal));
    }

    /// <summary>The option whose value the word is; null when the word stands for itself.</summary>
    private static Option? OptionThatTakes(string word, ParseResult before)
    {
        if (before.Tokens.LastOrDefault(token => token.Type == TokenType.Option) is not { } name)
            return null;
        var option = before.CommandResult.Command.Options.FirstOrDefault(o => o.Name == name.Value || o.Aliases.Contains(name.Value));
        if (option is not { Arity.MinimumNumberOfValues: > 0 })
            return null;
        var isNext = ReferenceEquals(before.Tokens[^1], name);
        var isOneMore = option.AllowMultipleArgumentsPerToken && !word.StartsWith('-');
        return isNext || isOneMore ? option : null;
    }
}
