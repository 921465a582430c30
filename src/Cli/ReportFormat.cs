namespace Sluice.Cli;

/// <summary>What <c>explain</c> and <c>check</c> print.</summary>
internal enum ReportFormat
{
    Text,
    Json,
}
