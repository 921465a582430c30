namespace Sluice.Cli;

/// <summary>Something that the user gave cannot be read. The message is one sentence for them; the command ends with <see cref="ExitCode.Unusable"/>.</summary>
internal sealed class UnusableInputException(string message) : Exception(message);
