namespace Sluice.Cli;

/// <summary>What <c>explain</c> prints.</summary>
internal enum ExplainFormat
{
    Text,
    Json,
}
