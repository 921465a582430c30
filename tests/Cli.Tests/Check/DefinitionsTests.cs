using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class DefinitionsTests
{
    private static readonly Definition[] All = [.. Installed.Kinds.Select(k => new Definition(k.ToString(), ["v1alpha1"], null))];

    [Fact]
    public void Five_definitions_that_are_served_are_all() => Assert.Equal("Ok: 5 of 5 kinds", Check(All).Told());

    [Fact]
    public void A_definition_that_is_missing_is_named_with_the_command_that_brings_it() => Assert.Equal(
        "Wrong: 4 of 5 kinds\nWrong: CustomResourceDefinition datasets.sluice.io: is not there > kubectl apply --server-side -k deploy/manifests/crds",
        Check(All[1..]).Told());

    [Fact]
    public void A_definition_of_another_version_does_not_count() => Assert.Equal(
        "CustomResourceDefinition datasets.sluice.io: serves v1, v1beta1, not v1alpha1",
        Only(Check([All[0] with { Served = ["v1", "v1beta1"] }, .. All[1..]])));

    [Fact]
    public void A_definition_that_the_server_does_not_take_is_told_in_its_words()
    {
        var definition = Definition.Read(States.Json("""
            {"metadata":{"name":"datasets.sluice.io"},"spec":{"versions":[{"name":"v1alpha1","served":true},{"name":"v0","served":false}]},
             "status":{"conditions":[{"type":"NamesAccepted","status":"False","message":"\"ds\" is already in use"},{"type":"Established","status":"False","message":"not all names are accepted"}]}}
            """));
        Assert.Equal(["v1alpha1"], definition.Served);
        Assert.Equal("CustomResourceDefinition datasets.sluice.io: is not served: \"ds\" is already in use", Only(Check([definition, .. All[1..]])));
    }

    [Fact]
    public void A_definition_without_a_status_is_not_served_yet() =>
        Assert.Equal("it is not established yet", Definition.Read(States.Json("""{"metadata":{"name":"datasets.sluice.io"}}""")).Trouble);

    private static string Only(CheckResult result) => Assert.Single(result.Findings) is { Verdict: Verdict.Wrong } f ? $"{f.Object}: {f.Cause}" : "";

    private static CheckResult Check(params Definition[] definitions) => Cli.Check.Definitions.Check(States.Unseen with { Definitions = States.List(definitions) });
}
