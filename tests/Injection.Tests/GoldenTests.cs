using Sluice.Testing;
using Sluice.Testing.Golden;
using Sluice.Testing.PodSecurity;

namespace Sluice.Injection.Tests;

/// <summary>Every golden case through the core. <c>make golden</c> takes the core's answers as the new expectation: review them.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Cases { get; } = [.. GoldenFiles.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_decision_is_the_expected_one(string name)
    {
        var test = GoldenCase.Read(name);
        var injected = CoreRun.Decide(test.Request, GoldenCatalog.Catalog);
        var answer = GoldenAnswer.Of(injected.Decision, injected.Changed ? injected.Pod : null);

        if (GoldenExpectation.Updates)
            GoldenExpectation.Write(test, answer);
        Assert.Null(GoldenExpectation.Difference(test, answer));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Injecting_again_changes_nothing(string name)
    {
        var test = GoldenCase.Read(name);
        var first = CoreRun.Decide(test.Request, GoldenCatalog.Catalog);
        if (!first.Changed)
            return;

        var second = CoreRun.Decide(test.Request with { Pod = first.Pod }, GoldenCatalog.Catalog);

        Assert.Equal((DecisionKind.Unchanged, DecisionReason.AlreadyInjected, null), (second.Decision.Kind, second.Decision.Reason, second.Decision.Message));
        Assert.True(second.Patch.IsEmpty);
        Assert.Equal(first.Decision.Datasets, second.Decision.Datasets);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Only_listed_paths_are_touched(string name)
    {
        var test = GoldenCase.Read(name);
        var injected = CoreRun.Decide(test.Request, GoldenCatalog.Catalog);

        Assert.Empty(Untouched.Violations(test.Pod, injected.Pod));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_Csi_adds_satisfies_the_restricted_standard(string name)
    {
        var test = GoldenCase.Read(name);
        var injected = CoreRun.Decide(test.Request, GoldenCatalog.Catalog);
        if (!injected.Changed || IsShared(name))
            return;

        Assert.Empty(PodSecurityStandard.Baseline(injected.Pod).Except(PodSecurityStandard.Baseline(test.Pod)));
        Assert.Empty(PodSecurityStandard.Restricted(injected.Pod).Except(PodSecurityStandard.Restricted(test.Pod)));
    }

    [Fact]
    public void A_restricted_pod_stays_restricted_as_a_whole()
    {
        var test = GoldenCase.Read("csi/restricted-pod");
        var injected = CoreRun.Decide(test.Request, GoldenCatalog.Catalog);

        Assert.Empty(PodSecurityStandard.Restricted(test.Pod));
        Assert.True(injected.Changed);
        Assert.Empty(PodSecurityStandard.Restricted(injected.Pod));
    }

    [Fact]
    public void Shared_needs_the_privileged_standard()
    {
        var injected = CoreRun.Decide(GoldenCase.Read("shared/one").Request, GoldenCatalog.Catalog);

        Assert.Contains(PodSecurityStandard.Baseline(injected.Pod), v => v.Control == "Privileged Containers");
        Assert.Contains(PodSecurityStandard.Baseline(injected.Pod), v => v.Control == "HostPath Volumes");
    }

    [Fact]
    public void Every_golden_file_is_used_and_every_case_expects_something() => Assert.Empty(GoldenFiles.Disorder());

    private static bool IsShared(string name) => name.StartsWith("shared/", StringComparison.Ordinal);
}
