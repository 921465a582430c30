namespace Sluice.Cli.Check;

/// <summary>Can the webhook use the objects that are there?</summary>
internal static class Objects
{
    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Objects.TryGet(out var objects, out var unseen))
            return unseen;
        var findings = objects.Unusable.Select(u => Finding.Wrong(u.FullName, u.Problem, $"kubectl edit {u.Argument}"));
        return CheckResult.Of(Count.Of(objects.Resources.Count + objects.Unusable.Count, "object"), [.. findings]);
    }
}
