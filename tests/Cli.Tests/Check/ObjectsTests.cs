using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class ObjectsTests
{
    private static readonly Kube.ApiResource Datasets = Installed.Kinds[0];

    [Fact]
    public void Objects_that_are_newer_than_this_program_can_be_used() => Assert.Equal("Ok: 1 object", Check("""
        {"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"a","namespace":"vision","managedFields":[]},"spec":{"source":{"uri":"s3://b/a","newer":1}},"status":{"newer":true}}
        """).Told());

    [Theory]
    [InlineData("""{"source":{"uri":"nonsense"}}""", "spec.source.uri: ")]
    [InlineData("""{"source":{"uri":"s3://b/a"},"accessModes":["Sometimes"]}""", "spec.accessModes[0]: ")]
    public void Objects_that_cannot_are_named_with_the_field(string spec, string cause)
    {
        var result = Check($$"""{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"a","namespace":"vision"},"spec":{{spec}}}""");
        var finding = Assert.Single(result.Findings);
        Assert.Equal(("Dataset vision/a", "kubectl edit -n vision datasets.sluice.io a"), (finding.Object, finding.Remedy));
        Assert.StartsWith(cause, finding.Cause, StringComparison.Ordinal);
    }

    private static CheckResult Check(params string[] items)
    {
        var objects = new CatalogObjects();
        foreach (var item in items)
            objects.Add(Datasets, States.Json(item));
        return Objects.Check(States.Unseen with { Objects = Reading<CatalogObjects>.Of(objects) });
    }
}
