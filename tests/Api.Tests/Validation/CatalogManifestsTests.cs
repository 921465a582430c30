using Sluice.Api.Validation;

namespace Sluice.Api.Tests.Validation;

public sealed class CatalogManifestsTests
{
    private static CatalogManifests Reading(params (string File, string Text)[] files)
    {
        var manifests = new CatalogManifests();
        foreach (var (file, text) in files)
        {
            using var reader = new StringReader(text);
            manifests.Read(file, reader);
        }
        return manifests;
    }

    private static List<string> Errors(params (string File, string Text)[] files) => [.. Reading(files).Judge().Errors.Select(e => e.ToString())];

    private static string Dataset(string name, string ns = "vision") => $"apiVersion: sluice.io/v1alpha1\nkind: Dataset\nmetadata: {{name: {name}, namespace: {ns}}}\nspec: {{source: {{uri: s3://b}}, profile: p}}\n";

    private static string Profile(string spec = "") => $"apiVersion: sluice.io/v1alpha1\nkind: RuntimeProfile\nmetadata: {{name: p}}\nspec: {{schemes: [s3], fuse: {{image: i, command: [c, \"${{mountpoint}}\"]{spec}}}}}\n";

    [Fact]
    public void The_same_object_in_two_files_is_an_error_that_names_both()
    {
        var errors = Errors(("a.yaml", Profile() + "---\n" + Dataset("d")), ("b.yaml", Dataset("d")));
        Assert.Equal("b.yaml:3:12: metadata.name: Dataset vision/d is in a.yaml:8 already: remove one of the two", Assert.Single(errors));
    }

    [Fact]
    public void One_name_in_two_namespaces_is_two_objects()
    {
        Assert.Empty(Errors(("a.yaml", Profile() + "---\n" + Dataset("d") + "---\n" + Dataset("d", "speech"))));
    }

    [Fact]
    public void A_dataset_without_a_namespace_is_the_one_in_the_namespace_default()
    {
        var bare = Dataset("d").Replace(", namespace: vision", "", StringComparison.Ordinal);
        Assert.Contains("Dataset default/d is in a.yaml:8 already", Assert.Single(Errors(("a.yaml", Profile() + "---\n" + bare + "---\n" + Dataset("d", "default")))), StringComparison.Ordinal);
    }

    [Fact]
    public void Kinds_without_namespaces_are_the_same_whatever_namespace_they_claim()
    {
        var claimed = Profile().Replace("{name: p}", "{name: p, namespace: vision}", StringComparison.Ordinal);
        Assert.Contains("RuntimeProfile p is in a.yaml:3 already", Assert.Single(Errors(("a.yaml", Profile()), ("b.yaml", claimed))), StringComparison.Ordinal);
    }

    [Fact]
    public void All_kinds_of_errors_come_together_in_the_order_of_their_places()
    {
        var errors = Errors(
            ("b.yaml", "a: [\n"),
            ("a.yaml", Profile(", readOnly: true") + "---\n" + Dataset("Not_A_Label") + "---\n" + Dataset("d").Replace("profile: p", "profile: p, accessModes: [ReadWriteMany]", StringComparison.Ordinal)));
        Assert.Collection(
            errors,
            error => Assert.StartsWith("a.yaml:8:12: metadata.name: ", error, StringComparison.Ordinal),
            error => Assert.StartsWith("a.yaml:14:43: spec.accessModes: profile p cannot write", error, StringComparison.Ordinal),
            error => Assert.StartsWith("b.yaml:", error, StringComparison.Ordinal));
    }

    [Fact]
    public void What_may_still_come_is_a_warning_and_other_kinds_are_nothing()
    {
        var manifests = Reading(("a.yaml", Dataset("d") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"));
        var (errors, warnings) = manifests.Judge();
        Assert.Empty(errors);
        Assert.Equal("spec.profile", Assert.Single(warnings).Path);
        Assert.Equal(1, manifests.Count);
        Assert.IsType<Dataset>(Assert.Single(manifests.Resources));
        Assert.Equal("v1 ConfigMap", Assert.Single(manifests.Skipped, pair => pair.Value == 1).Key);
    }
}
