using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

/// <summary>Where a pod is tried, and with which dataset.</summary>
public sealed class AdmissionTrialTests
{
    private static readonly string OptedIn = States.Namespace("vision", "sluice.io/injection: enabled");

    [Fact]
    public void The_first_namespace_that_is_opted_in_and_may_mount_something_is_taken()
    {
        var trial = Choose(null, States.Namespace("audio"), States.Namespace("empty", "sluice.io/injection: enabled"), OptedIn, States.Profile(), States.Dataset("audio", "a"), States.Dataset("vision", "imagenet"));
        Assert.Equal(("vision", "vision/imagenet"), (trial.Trial?.Namespace, trial.Trial?.Dataset));
        Assert.Equal(["sluice-imagenet"], trial.Trial!.Sidecars);
    }

    [Fact]
    public void A_namespace_that_is_asked_for_need_not_be_opted_in()
    {
        var trial = Choose("audio", States.Namespace("audio"), OptedIn, States.Profile(), States.Dataset("vision", "imagenet", ", sharing: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: audio}}}]"));
        Assert.Equal(("audio", "vision/imagenet"), (trial.Trial?.Namespace, trial.Trial?.Dataset));
    }

    [Fact]
    public void What_policies_demand_of_every_pod_is_asked_for_too()
    {
        var trial = Choose(null, OptedIn, States.Profile(), States.Dataset("vision", "a"), States.Dataset("vision", "base"), States.Policy("datasets: {require: [vision/base]}"));
        Assert.Equal("vision/a", trial.Trial?.Dataset);
        Assert.Equal(["sluice-a", "sluice-base"], trial.Trial!.Sidecars.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public void A_dataset_that_the_namespace_may_not_have_is_passed_over()
    {
        var trial = Choose(null, OptedIn, States.Profile(), States.Dataset("vision", "a", ", profile: gone"), States.Dataset("vision", "b"));
        Assert.Equal("vision/b", trial.Trial?.Dataset);
    }

    [Fact]
    public void Without_one_it_says_why()
    {
        Assert.Equal("no namespace has the label sluice.io/injection: enabled; name one with --namespace", Choose(null, States.Namespace("vision")).Why);
        Assert.Equal("no namespace that is opted in may mount a dataset", Choose(null, OptedIn).Why);
        Assert.Equal("namespace vision may mount no dataset", Choose("vision", OptedIn).Why);
    }

    private static (AdmissionTrial? Trial, string Why) Choose(string? wanted, params string[] manifests)
    {
        Assert.True(States.Tenancy(manifests).TryGet(out var tenancy, out _));
        return (AdmissionTrial.Choose(tenancy, wanted, out var why), why);
    }
}
