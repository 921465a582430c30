namespace Sluice.Cli.Check;

/// <summary>All that is checked, in the order in which one thing rests on another.</summary>
internal static class Checkup
{
    /// <summary>A rule: what was read in, what it says out. Pure, and independent of the others.</summary>
    private delegate CheckResult Rule(ClusterState cluster);

    private static readonly (string Name, Rule Rule)[] Rules =
    [
        ("server", ServerVersion.Check),
        ("nodes", NodeVersions.Check),
        ("definitions", Definitions.Check),
        ("webhook", WebhookReplicas.Check),
        ("configurations", WebhookConfigurations.Check),
        ("certificate", ServingCertificate.Check),
        ("rights", Rights.Check),
        ("admission", Admission.Check),
        ("mounters", Mounters.Check),
        ("objects", Objects.Check),
        ("datasets", MountableDatasets.Check),
        ("pod-security", PodSecurity.Check),
        ("limit-ranges", LimitRanges.Check),
    ];

    public static IReadOnlyList<NamedResult> Run(ClusterState cluster) => [.. Rules.Select(r => new NamedResult(r.Name, r.Rule(cluster)))];
}

/// <summary>A check's result under its name, which programs know it by.</summary>
internal sealed record NamedResult(string Name, CheckResult Result);
