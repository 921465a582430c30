namespace Sluice.Cli.Check;

/// <summary>The Secret with the serving certificate.</summary>
/// <param name="Name">Of the Secret.</param>
/// <param name="Key">Of the certificate in it.</param>
/// <param name="Pem">The certificate; empty when nobody has written it, null when there is no such Secret.</param>
internal sealed record ServingSecret(string Name, string Key, string? Pem)
{
    public string FullName => $"Secret {Installed.Namespace}/{Name}";
}
