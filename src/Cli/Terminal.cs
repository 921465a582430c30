namespace Sluice.Cli;

/// <summary>What is around a command: where it reads and writes, and the environment. Results go to <see cref="Out"/>, messages to <see cref="Error"/>.</summary>
internal sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error)
{
    private const int PlainWidth = 100; // columns where nobody tells; arbitrary, fits a page
    private const int MinWidth = 40; // below that, wrapped text is unreadable; arbitrary

    /// <summary>Whether <see cref="Out"/> takes colours.</summary>
    public bool Colour { get; init; }

    /// <summary>Columns to wrap text at.</summary>
    public int Width { get; init; } = PlainWidth;

    /// <summary>The value of an environment variable; null for none.</summary>
    public Func<string, string?> Variable { get; init; } = _ => null;

    /// <summary>The process's own streams. Colours only on a terminal, and never where NO_COLOR is set (https://no-color.org).</summary>
    public static Terminal OfProcess()
    {
        var isTerminal = !Console.IsOutputRedirected;
        return new Terminal(Console.In, Console.Out, Console.Error)
        {
            Colour = isTerminal
                && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"),
            Variable = Environment.GetEnvironmentVariable,
            Width = isTerminal && Console.WindowWidth is > 0 and var width ? Math.Max(width, MinWidth) : PlainWidth,
        };
    }

    /// <summary><paramref name="text"/> in a style of <see cref="Style"/>, where the terminal has styles.</summary>
    public string Styled(string style, string text) => Colour ? $"\e[{style}m{text}\e[0m" : text;
}

/// <summary>ECMA-48 "select graphic rendition" parameters.</summary>
internal static class Style
{
    public const string Bold = "1";
    public const string Dim = "2";
    public const string Red = "31";
    public const string Green = "32";
    public const string Yellow = "33";
    public const string Cyan = "36";
}
