namespace Sluice.Cli.Tests;

/// <summary>One run of the command line inside this process.</summary>
internal sealed record CommandRun(int Code, string Out, string Error)
{
    public static Task<CommandRun> OfAsync(params string[] arguments) => OfAsync("", arguments);

    public static Task<CommandRun> WithInputAsync(string input, params string[] arguments) => OfAsync(input, arguments);

    public static async Task<CommandRun> OfAsync(Func<Terminal, Terminal> configure, params string[] arguments)
    {
        await using var output = new StringWriter { NewLine = "\n" };
        await using var error = new StringWriter { NewLine = "\n" };
        var terminal = configure(new Terminal(TextReader.Null, output, error));
        var code = await SluiceCommand.RunAsync(arguments, terminal, TestContext.Current.CancellationToken);
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    private static Task<CommandRun> OfAsync(string input, string[] arguments) =>
        OfAsync(terminal => terminal with { In = new StringReader(input) }, arguments);
}
