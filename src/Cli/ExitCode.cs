namespace Sluice.Cli;

/// <summary>What every command answers its caller; part of the command line's contract.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Wrong usage, or input that could not be read: nothing was decided.</summary>
    public const int Unusable = 1;

    /// <summary>A pod was denied, an object is invalid, or something is wrong with a cluster.</summary>
    public const int Refused = 2;
}
