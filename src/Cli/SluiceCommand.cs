using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Sluice.Cli;

/// <summary>The root command: which commands there are, and how their failures are told.</summary>
internal static class SluiceCommand
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken token)
    {
        var parsed = Create(terminal).Parse(arguments);
        if (parsed.Action is ParseErrorAction)
            return Misused(parsed, terminal);
        var configuration = new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false };
        try
        {
            return await parsed.InvokeAsync(configuration, token);
        }
        catch (UnusableInputException e)
        {
            await terminal.Error.WriteLineAsync("Error: " + e.Message);
            return ExitCode.Unusable;
        }
    }

    public static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("See what Sluice does to a pod and why, offline; and what is wrong with an installation, in a cluster.")
        {
            InjectCommand.Create(terminal),
            ExplainCommand.Create(terminal),
            ValidateCommand.Create(terminal),
            AdmitCommand.Create(terminal),
            CheckCommand.Create(terminal),
            CompletionCommand.Create(terminal),
            VersionCommand.Create(terminal),
        };
        root.HelpName = "sluice";
        root.Options.Remove(root.Options.OfType<HelpOption>().Single()); // it has Windows' aliases
        var help = new HelpOption("--help", "-h");
        help.Action = new HelpWithExamples((HelpAction)help.Action!, terminal);
        root.Options.Add(help);
        var suggest = root.Directives.OfType<SuggestDirective>().Single();
        suggest.Action = new SuggestAction(suggest, terminal);
        return root;
    }

    private static int Misused(ParseResult parsed, Terminal terminal)
    {
        // That a command is missing goes without saying where one is misspelt.
        var unknown = parsed.UnmatchedTokens.Count > 0 && parsed.CommandResult.Command is RootCommand;
        foreach (var error in unknown ? parsed.Errors.Skip(1) : parsed.Errors)
            terminal.Error.WriteLine("Error: " + error.Message);
        var command = parsed.CommandResult.Command;
        terminal.Error.WriteLine(command is RootCommand ? "See: sluice --help" : $"See: sluice {command.Name} --help");
        return ExitCode.Unusable;
    }
}
