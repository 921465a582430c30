namespace Sluice.Cli.Tests;

public sealed class ValidateCommandTests(Samples samples) : IClassFixture<Samples>
{
    [Fact]
    public async Task A_good_catalog_is_counted()
    {
        var run = await CommandRun.OfAsync("validate", "-f", samples.CatalogPath);
        Assert.Equal((0, "", "no errors, 0 warnings: 3 objects in 1 file\n"), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task Every_error_has_its_file_line_and_field()
    {
        var file = samples.Write("several.yaml", """
            apiVersion: sluice.io/v1alpha1
            kind: Dataset
            metadata: {name: a}
            spec:
              source:
                uri: s3://bucket
              accessMode: [ReadOnlyMany]
            ---
            apiVersion: sluice.io/v1alpha1
            kind: TenantPolicy
            metadata:
              name: p
            spec:
              action: Deni
              maxDatasetsPerPod: many
            """);
        var run = await CommandRun.OfAsync("validate", "-f", file);
        Assert.Equal(2, run.Code);
        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Collection(
            lines,
            line => Assert.StartsWith($"{file}:7: spec.accessMode: ", line, StringComparison.Ordinal),
            line => Assert.StartsWith($"{file}:14: spec.action: ", line, StringComparison.Ordinal),
            line => Assert.StartsWith($"{file}:15: spec.maxDatasetsPerPod: ", line, StringComparison.Ordinal));
        Assert.StartsWith("3 errors, ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_object_may_not_say_is_an_error_at_its_field()
    {
        var file = samples.Write("rules.yaml", "apiVersion: sluice.io/v1alpha1\nkind: Dataset\nmetadata:\n  name: Not_A_Label\nspec: {source: {uri: s3://bucket}}\n");
        var run = await CommandRun.OfAsync("validate", "-f", file);
        Assert.Equal(2, run.Code);
        Assert.StartsWith($"{file}:4: metadata.name: ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_still_come_is_a_warning()
    {
        var run = await CommandRun.WithInputAsync("{apiVersion: sluice.io/v1alpha1, kind: Dataset, metadata: {name: a, namespace: vision}, spec: {source: {uri: 's3://b'}, runtime: later}}", "validate", "-f", "-");
        Assert.Equal((0, ""), (run.Code, run.Out));
        Assert.StartsWith("Warning: stdin:1: spec.runtime: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broken_YAML_is_invalid_and_a_missing_file_unusable()
    {
        var broken = await CommandRun.WithInputAsync("a: b\n  c: [\n", "validate", "-f", "-");
        Assert.Equal(2, broken.Code);
        Assert.Matches("^stdin:[0-9]+: ", broken.Out);
        var missing = await CommandRun.OfAsync("validate", "-f", "/nowhere");
        Assert.Equal((1, "Error: /nowhere: no such file or directory\n"), (missing.Code, missing.Error));
    }

    [Fact]
    public async Task Several_files_follow_one_option()
    {
        var file = samples.Write("other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n");
        var run = await CommandRun.OfAsync("validate", "-f", samples.CatalogPath, file);
        Assert.Equal((0, "no errors, 0 warnings: 3 objects in 2 files\n"), (run.Code, run.Error));
    }

    [Fact]
    public async Task The_same_object_in_two_files_is_an_error_that_names_both()
    {
        const string Dataset = "apiVersion: sluice.io/v1alpha1\nkind: Dataset\nmetadata: {name: a}\nspec: {source: {uri: s3://bucket}}\n";
        var one = samples.Write("one.yaml", Dataset);
        var two = samples.Write("two.yaml", Dataset);
        var run = await CommandRun.OfAsync("validate", "-f", one, "-f", two);
        Assert.Equal((2, $"{two}:3: metadata.name: Dataset default/a is in {one}:3 already: remove one of the two\n"), (run.Code, run.Out));
    }

    [Fact]
    public async Task A_file_that_is_named_twice_is_read_once()
    {
        var run = await CommandRun.OfAsync("validate", "-f", samples.CatalogPath, Path.Combine(samples.CatalogPath, "..", "catalog", "catalog.yaml"));
        Assert.Equal((0, "", "no errors, 0 warnings: 3 objects in 1 file\n"), (run.Code, run.Out, run.Error));
    }
}
