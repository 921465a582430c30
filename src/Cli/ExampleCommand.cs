using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Sluice.Cli;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class ExampleCommand(string name, string description) : Command(name, description)
{
    /// <summary>What it does, and the line to type.</summary>
    public required IReadOnlyList<(string What, string Line)> Examples { get; init; }
}

/// <summary>The library's help, and the examples of the command below it.</summary>
internal sealed class HelpWithExamples(HelpAction help, Terminal terminal) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        help.MaxWidth = terminal.Width;
        help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not ExampleCommand command)
            return ExitCode.Done;
        terminal.Out.WriteLine("Examples:");
        foreach (var (what, line) in command.Examples)
        {
            terminal.Out.WriteLine($"  # {what}");
            terminal.Out.WriteLine($"  {line}");
        }
        terminal.Out.WriteLine();
        return ExitCode.Done;
    }
}
