using System.Text.Json;

namespace Sluice.Cli.Check;

/// <summary>The webhook's Deployment.</summary>
/// <param name="Replicas">Wanted.</param>
/// <param name="Ready">Ready.</param>
/// <param name="Trouble">Why it is not available, or does not get further, in the words of its controller; null when all is well.</param>
/// <param name="Certificate">Where its replicas have their certificate from.</param>
internal sealed record WebhookDeployment(int Replicas, int Ready, string? Trouble, CertificateSource Certificate)
{
    public static WebhookDeployment Read(JsonElement item) => new(
        item.Number("spec", "replicas") ?? 1,
        item.Number("status", "readyReplicas") ?? 0,
        new[] { item.Condition("Available"), item.Condition("Progressing") }.FirstOrDefault(c => c is { IsTrue: false })?.Message,
        CertificateSource.Of(item.At("spec", "template", "spec")));
}

/// <summary>Where the webhook's replicas have their serving certificate from.</summary>
/// <param name="SelfManaged">They make it themselves, and write the authority into both webhook configurations.</param>
/// <param name="Secret">Its Secret; null when files come from something else.</param>
/// <param name="Key">Of the certificate in it.</param>
internal sealed record CertificateSource(bool SelfManaged, string? Secret, string Key)
{
    private const string CertificateFlag = "--tls-cert";

    public static CertificateSource Managed { get; } = new(true, Installed.Certificates, Installed.CertificateKey);

    public static CertificateSource Of(JsonElement podSpec)
    {
        foreach (var container in podSpec.Items("containers"))
        {
            if (FileOf([.. container.Texts("args")]) is { } file)
                return Mounted(podSpec, container, file);
        }
        return Managed;
    }

    private static string? FileOf(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i].StartsWith(CertificateFlag + "=", StringComparison.Ordinal))
                return args[i][(CertificateFlag.Length + 1)..];
            if (args[i] == CertificateFlag && i + 1 < args.Length)
                return args[i + 1];
        }
        return null;
    }

    private static CertificateSource Mounted(JsonElement podSpec, JsonElement container, string file)
    {
        var slash = file.LastIndexOf('/');
        var mount = container.Items("volumeMounts").FirstOrDefault(m => slash > 0 && m.Text("mountPath")?.TrimEnd('/') == file[..slash]);
        var secret = podSpec.Items("volumes").FirstOrDefault(v => v.Text("name") == mount.Text("name")).At("secret");
        var name = file[(slash + 1)..];
        return new CertificateSource(
            SelfManaged: false,
            secret.Text("secretName"),
            secret.Items("items").FirstOrDefault(item => item.Text("path") == name).Text("key") ?? name);
    }
}
