namespace Sluice.Cluster.Tests.Providers;

/// <summary>What the choice of a provider depends on.</summary>
/// <param name="Variable">An environment variable; null or empty when it is not set.</param>
/// <param name="FileExists">Whether there is such a file.</param>
/// <param name="Answers">Whether a Docker engine answers at an address.</param>
internal sealed record ProviderEnvironment(Func<string, string?> Variable, Func<string, bool> FileExists, Func<Uri, bool> Answers)
{
    /// <summary>This machine's.</summary>
    public static ProviderEnvironment Here { get; } = new(Environment.GetEnvironmentVariable, File.Exists, DockerEngine.Answers);

    /// <summary>Set to something.</summary>
    public string? Set(string name) => Variable(name) is { Length: > 0 } value ? value : null;
}
