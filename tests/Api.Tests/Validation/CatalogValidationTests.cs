using Sluice.Api.Manifests;
using Sluice.Api.Validation;

namespace Sluice.Api.Tests.Validation;

public sealed class CatalogValidationTests
{
    private const string Profiles = """
        apiVersion: sluice.io/v1alpha1
        kind: RuntimeProfile
        metadata: {name: writer}
        spec:
          schemes: [s3]
          options: {endpoint: {required: true}, region: {pattern: "[a-z]+"}}
          fuse: {image: i, command: [c]}
          atZero: Wait
          master: {replicas: {min: 1, max: 3}}
        ---
        apiVersion: sluice.io/v1alpha1
        kind: RuntimeProfile
        metadata: {name: reader}
        spec: {schemes: [http], fuse: {image: i, command: [c], readOnly: true}}
        ---

        """;

    private const string Runtime = "apiVersion: sluice.io/v1alpha1\nkind: Runtime\nmetadata: {name: warm, namespace: vision}\nspec: ";
    private const string Dataset = "apiVersion: sluice.io/v1alpha1\nkind: Dataset\nmetadata: {name: d, namespace: vision}\nspec: ";
    private const string Endpoint = "source: {uri: s3://b, options: {endpoint: e}}";

    /// <summary>The findings about the last object of <paramref name="yaml"/>, beside <see cref="Profiles"/> and what stands before it.</summary>
    private static string Findings(string yaml)
    {
        var file = ManifestReader.Read("a.yaml", Profiles + yaml);
        Assert.Empty(file.Errors);
        var resources = file.Objects.Select(o => o.Resource).ToList();
        return string.Join('\n', CatalogValidation.Of(resources).Check(resources[^1]).Select(f => $"{f.Severity} {f.Field.Kind} {f.Field.Path}: {f.Field.Message}"));
    }

    [Theory]
    [InlineData("{" + Endpoint + ", profile: writer}")]
    [InlineData("{" + Endpoint + "}")]
    [InlineData("{" + Endpoint + ", accessModes: [ReadWriteMany]}")]
    [InlineData("{source: {uri: http://h/x}}")]
    public void A_dataset_that_fits_its_profile_is_right(string spec) => Assert.Equal("", Findings(Dataset + spec));

    [Theory]
    [InlineData("{source: {uri: s3://b}, runtime: later}", "Warning Dataset spec.runtime: Runtime \"later\" does not exist")]
    [InlineData("{source: {uri: s3://b}, profile: later}", "Warning Dataset spec.profile: RuntimeProfile \"later\" does not exist")]
    [InlineData("{source: {uri: gopher://b}}", "Warning Dataset spec.source.uri: no RuntimeProfile serves the scheme gopher")]
    [InlineData("{source: {uri: s3://b}, profile: reader, accessModes: [ReadWriteMany]}", "Error Dataset spec.accessModes: profile reader cannot write")]
    [InlineData("{source: {uri: s3://b}}", "Error Dataset spec.source.options[endpoint]: is required by the profile")]
    [InlineData("{source: {uri: s3://b, options: {endpoint: e, region: X1}}}", "Error Dataset spec.source.options[region]: \"X1\" must match [a-z]+")]
    [InlineData("{" + Endpoint + ", fuse: {options: {zone: a}}}", "Error Dataset spec.fuse.options[zone]: is not an option of the profile")]
    [InlineData("{source: {uri: s3://b, options: {endpoint: --rc}}}", "Error Dataset spec.source.options[endpoint]: must not begin with a dash")]
    public void A_dataset_is_held_against_its_profile(string spec, string finding) =>
        Assert.StartsWith(finding, Findings(Dataset + spec), StringComparison.Ordinal);

    [Fact]
    public void What_a_runtime_sets_counts_for_the_dataset_and_is_reported_at_the_runtime()
    {
        const string Wrong = Runtime + "{profile: writer, options: {endpoint: e, region: X1}}\n";
        const string Named = Dataset + "{source: {uri: s3://b}, runtime: warm}\n";
        Assert.Equal("", Findings(Wrong + "---\n" + Named));
        Assert.StartsWith("Error Runtime spec.options[region]: ", Findings(Named + "---\n" + Wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void A_runtime_serves_its_own_namespace_alone()
    {
        var elsewhere = (Runtime + "{profile: writer}\n").Replace("namespace: vision", "namespace: speech", StringComparison.Ordinal);
        Assert.StartsWith("Warning Dataset spec.runtime: ", Findings(elsewhere + "---\n" + Dataset + "{source: {uri: s3://b}, runtime: warm}\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{profile: later}", "Warning Runtime spec.profile: RuntimeProfile \"later\" does not exist")]
    [InlineData("{profile: writer, idle: {when: NoReads, scaleToZeroAfter: 5m}}", "Error Runtime spec.idle.when: NoReads needs a profile")]
    [InlineData("{profile: writer, master: {replicas: 4}}", "Error Runtime spec.master.replicas: 4 is outside of what profile writer allows (1 to 3)")]
    public void A_runtime_is_held_against_its_profile(string spec, string finding) =>
        Assert.StartsWith(finding, Findings(Runtime + spec), StringComparison.Ordinal);

    [Fact]
    public void A_load_and_a_policy_may_name_a_dataset_that_is_still_to_come()
    {
        const string Load = "apiVersion: sluice.io/v1alpha1\nkind: DataLoad\nmetadata: {name: l, namespace: vision}\nspec: {dataset: d}\n";
        const string Policy = "apiVersion: sluice.io/v1alpha1\nkind: TenantPolicy\nmetadata: {name: t}\nspec: {datasets: {require: [vision/d]}}\n";
        const string There = Dataset + "{" + Endpoint + "}\n---\n";
        Assert.StartsWith("Warning DataLoad spec.dataset: ", Findings(Load), StringComparison.Ordinal);
        Assert.StartsWith("Warning TenantPolicy spec.datasets.require[0]: ", Findings(Policy), StringComparison.Ordinal);
        Assert.Equal("", Findings(There + Load));
        Assert.Equal("", Findings(There + Policy));
    }
}
