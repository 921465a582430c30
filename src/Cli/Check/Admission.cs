namespace Sluice.Cli.Check;

/// <summary>Does a pod that asks for data come back with it, through the cluster's real admission chain?</summary>
internal static class Admission
{
    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Admission.TryGet(out var answer, out var unseen))
            return unseen;
        if (answer.Trial is not { } trial)
            return CheckResult.Skipped(answer.Why);
        var what = $"Pod in namespace {trial.Namespace} (dry run, dataset {trial.Dataset})";
        if (answer.Refusal is { } words)
            return CheckResult.Of("a dry-run pod is refused", Refused(what, trial.Namespace, words));
        var sidecars = TrialPod.Sidecars(answer.Pod!);
        var missing = trial.Sidecars.Where(name => !sidecars.ContainsKey(name)).ToList();
        if (missing.Count > 0)
        {
            return CheckResult.Of("a dry-run pod comes back without its data", Finding.Wrong(
                what,
                $"was admitted without {string.Join(", ", missing)}: no webhook was asked, or it did not know what the cluster knows",
                Installed.WebhookLogs));
        }
        if (trial.Sidecars.Where(name => !sidecars[name]).ToList() is { Count: > 0 } stripped)
        {
            return CheckResult.Of("a dry-run pod comes back changed", Finding.Wrong(
                what,
                $"restartPolicy of {string.Join(", ", stripped)} was taken away by another webhook, and ours was not asked again",
                "kubectl get mutatingwebhookconfigurations"));
        }
        return CheckResult.Of($"a dry-run pod in namespace {trial.Namespace} comes back with dataset {trial.Dataset}");
    }

    private static Finding Refused(string what, string ns, string words)
    {
        var ours = Installed.MutatingEntries.Any(entry => words.Contains($"\"{entry}\"", StringComparison.Ordinal));
        if (ours && words.Contains("failed calling webhook", StringComparison.Ordinal))
        {
            return Finding.Wrong(what, words, words.Contains("x509", StringComparison.Ordinal) || words.Contains("tls:", StringComparison.Ordinal)
                ? Installed.WebhookLogs
                : $"kubectl -n {Installed.Namespace} get pods,endpointslices -l {Installed.NameLabel}={Installed.Webhook}");
        }
        if (ours)
            return Finding.Wrong(what, $"the webhook refuses what the cluster's objects allow, as they are read here: {words}", Installed.WebhookLogs);
        // Somebody else's rules, which tell nothing about the webhook but that others may meet them too.
        return Finding.Warning(what, words, words switch
        {
            _ when words.Contains("exceeded quota", StringComparison.Ordinal) || words.Contains("failed quota", StringComparison.Ordinal) => $"kubectl -n {ns} describe resourcequota",
            _ when words.Contains("violates PodSecurity", StringComparison.Ordinal) => $"kubectl get namespace {ns} --show-labels",
            _ => "kubectl get validatingadmissionpolicies,validatingwebhookconfigurations,mutatingwebhookconfigurations",
        });
    }
}
