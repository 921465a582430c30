namespace Sluice.Cli.Check;

/// <summary>Is the API server new enough?</summary>
internal static class ServerVersion
{
    private const string Object = "API server";
    private const string Remedy = "kubectl version";

    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Version.TryGet(out var version, out var unseen))
            return unseen;
        var text = version.Text("gitVersion") ?? "";
        var summary = $"Kubernetes {text}";
        if (Versions.Parse(text) is not { } parsed)
            return CheckResult.Of(summary, Finding.Warning(Object, $"its version \"{text}\" is no version of Kubernetes", Remedy));
        return parsed < Versions.ApiServer
            ? CheckResult.Of(summary, Finding.Wrong(Object, $"is {text}, and match conditions and ValidatingAdmissionPolicies need {Versions.ApiServer} or newer: upgrade the control plane", Remedy))
            : CheckResult.Of(summary);
    }
}
