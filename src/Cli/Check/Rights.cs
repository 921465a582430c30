namespace Sluice.Cli.Check;

/// <summary>May the webhook read what it decides by, and look after its certificates?</summary>
internal static class Rights
{
    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Rights.TryGet(out var answers, out var unseen))
            return unseen;
        // One sentence for each object, with all verbs that are missing.
        var findings = answers.Where(a => !a.Allowed)
            .GroupBy(a => a.Right with { Verb = "" })
            .Select(g => Finding.Wrong(
                $"ServiceAccount {Installed.Namespace}/{Installed.Webhook}",
                $"may not {string.Join(", ", g.Select(a => a.Right.Verb))} {Describe(g.Key)}{Because(g.First().Reason)}",
                Installed.Apply));
        return CheckResult.Of($"{answers.Count(a => a.Allowed)} of {Count.Of(answers.Count, "right")}", [.. findings]);
    }

    private static string Describe(Right right)
    {
        var resource = right.Group.Length == 0 ? right.Resource : $"{right.Resource}.{right.Group}";
        var named = right.Name is null ? resource : $"{resource} \"{right.Name}\"";
        return right.Namespace is null ? named : $"{named} in namespace {right.Namespace}";
    }

    private static string Because(string reason) => reason.Length == 0 ? "" : $": {reason}";
}
