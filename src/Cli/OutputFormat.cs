namespace Sluice.Cli;

/// <summary>What <c>inject</c> and <c>admit</c> print.</summary>
internal enum OutputFormat
{
    Yaml,
    Json,
    Patch,
    Diff,
}
