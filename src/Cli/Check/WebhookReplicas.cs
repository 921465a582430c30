namespace Sluice.Cli.Check;

/// <summary>Is there somebody who answers?</summary>
internal static class WebhookReplicas
{
    private const string Object = $"Deployment {Installed.Namespace}/{Installed.Webhook}";

    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Deployment.TryGet(out var deployment, out var unseen))
            return unseen;
        if (deployment is null)
            return CheckResult.Of("not installed", Finding.Wrong(Object, "is not there", Installed.Apply));
        var summary = $"{deployment.Ready} of {Count.Of(deployment.Replicas, "replica")} ready";
        if (deployment.Ready >= Math.Max(deployment.Replicas, 1))
            return CheckResult.Of(summary);
        var cause = deployment.Trouble is { } trouble ? $"{summary}: {trouble}" : summary;
        var remedy = deployment.Replicas == 0
            ? $"kubectl -n {Installed.Namespace} scale deployment/{Installed.Webhook} --replicas=2"
            : $"kubectl -n {Installed.Namespace} describe pods -l {Installed.NameLabel}={Installed.Webhook}";
        return CheckResult.Of(summary, deployment.Ready == 0 ? Finding.Wrong(Object, cause, remedy) : Finding.Warning(Object, cause, remedy));
    }
}
