using System.Text.Json;

namespace Sluice.Webhook.Tests;

/// <summary>A running webhook's catalog follows its directory.</summary>
public sealed class CatalogFilesTests
{
    private static string Dataset(string name) => $$"""
        apiVersion: sluice.io/v1alpha1
        kind: Dataset
        metadata: {name: {{name}}, namespace: vision}
        spec:
          source: {uri: "s3://bucket/{{name}}"}
          profile: rclone
        ---

        """;

    private static int Datasets(JsonElement page) => page.GetProperty("catalog").GetProperty("datasets").GetInt32();

    private static string[] Errors(JsonElement page) =>
        [.. page.GetProperty("catalog").GetProperty("errors").EnumerateArray().Select(error => error.GetString()!)];

    [Fact]
    public async Task Files_documents_lists_directories_and_links_all_count()
    {
        var directory = new TemporaryDirectory();
        directory.Write("catalog/a.yaml", Dataset("one") + Dataset("two"));
        directory.Write("catalog/deep/er/b.yml", Dataset("three"));
        directory.Write("catalog/c.json", """{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"vision"}}]}""");
        directory.Write("catalog/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n");
        directory.Write("catalog/notes.txt", "no manifest");
        directory.Write("catalog/.swap.yaml", "{ no yaml");
        directory.Write("elsewhere/d.yaml", Dataset("four"));
        File.CreateSymbolicLink(directory.File("catalog/linked"), directory.File("elsewhere"));
        await using var webhook = await RunningWebhook.StartAsync(directory: directory);
        var catalog = (await webhook.ReadyzAsync()).GetProperty("catalog");
        Assert.Equal(4, catalog.GetProperty("datasets").GetInt32());
        Assert.Equal(1, catalog.GetProperty("namespaces").GetInt32());
        Assert.Contains(webhook.Log, line =>
            line.Contains("\"@l\":\"Debug\"", StringComparison.Ordinal) && line.Contains("\"objects\":1,\"kind\":\"apps/v1 Deployment\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broken_file_keeps_the_last_good_catalog_until_it_is_mended()
    {
        var directory = new TemporaryDirectory();
        directory.Write("catalog/a.yaml", Dataset("one"));
        await using var webhook = await RunningWebhook.StartAsync(directory: directory);

        directory.Write("catalog/a.yaml", Dataset("one") + Dataset("two"));
        await webhook.UntilReadyzAsync(page => Datasets(page) == 2);

        directory.Write("catalog/b.yaml", Dataset("three").Replace("profile:", "profil:", StringComparison.Ordinal));
        var broken = await webhook.UntilReadyzAsync(page => Errors(page).Length != 0);
        Assert.True(broken.GetProperty("ready").GetBoolean());
        Assert.Equal(2, Datasets(broken));
        Assert.Contains($"{directory.File("catalog/b.yaml")}:6", Errors(broken)[0], StringComparison.Ordinal);
        Assert.Contains("spec.profil", Errors(broken)[0], StringComparison.Ordinal);
        var metrics = await webhook.MetricsAsync();
        Assert.Contains("sluice_webhook_catalog_last_reload_success{} 0", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("sluice_webhook_catalog_reload_errors_total{} 0", metrics, StringComparison.Ordinal);

        directory.Write("catalog/b.yaml", Dataset("three"));
        var mended = await webhook.UntilReadyzAsync(page => Datasets(page) == 3);
        Assert.Empty(Errors(mended));
        Assert.Contains("sluice_webhook_catalog_last_reload_success{} 1", await webhook.MetricsAsync(), StringComparison.Ordinal);

        File.Delete(directory.File("catalog/b.yaml"));
        await webhook.UntilReadyzAsync(page => Datasets(page) == 2);
    }

    [Fact]
    public async Task A_catalog_that_never_loaded_is_not_ready_and_says_why()
    {
        var directory = new TemporaryDirectory();
        directory.Write("catalog/a.yaml", "{ no yaml");
        await using var webhook = await RunningWebhook.StartAsync(directory: directory, awaitReady: false);
        var page = await webhook.UntilReadyzAsync(page => Errors(page).Length != 0);
        Assert.False(page.GetProperty("ready").GetBoolean());
        Assert.Equal("the catalog could not be loaded", page.GetProperty("reasons")[0].GetString());

        directory.Write("catalog/a.yaml", Dataset("one"));
        Assert.Equal(1, Datasets(await webhook.UntilReadyzAsync(page => page.GetProperty("ready").GetBoolean())));
    }

    [Fact]
    public void An_object_that_is_invalid_breaks_the_catalog()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("a.yaml", Dataset("one").Replace("name: one,", "name: One--1,", StringComparison.Ordinal));
        var reading = new CatalogDirectory(directory.Path).Read();
        Assert.Null(reading.Catalog);
        Assert.StartsWith($"{directory.File("a.yaml")}:3", reading.Errors[0], StringComparison.Ordinal);
        Assert.Contains("metadata.name: ", reading.Errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Objects_that_contradict_each_other_keep_the_last_good_catalog()
    {
        const string Profile = """
            apiVersion: sluice.io/v1alpha1
            kind: RuntimeProfile
            metadata: {name: rclone}
            spec: {schemes: [s3], fuse: {image: i, command: [c, "${mountpoint}"], readOnly: true}}
            """;
        var directory = new TemporaryDirectory();
        directory.Write("catalog/profile.yaml", Profile);
        directory.Write("catalog/a.yaml", Dataset("one"));
        await using var webhook = await RunningWebhook.StartAsync(directory: directory);

        directory.Write("catalog/b.yaml", Dataset("two") + Dataset("three").Replace("profile: rclone", "profile: rclone\n  accessModes: [ReadWriteMany]", StringComparison.Ordinal));
        var broken = await webhook.UntilReadyzAsync(page => Errors(page).Length != 0);
        Assert.True(broken.GetProperty("ready").GetBoolean());
        Assert.Equal(1, Datasets(broken));
        Assert.StartsWith($"{directory.File("catalog/b.yaml")}:14:3: spec.accessModes: profile rclone cannot write", Assert.Single(Errors(broken)), StringComparison.Ordinal);
        Assert.Contains("sluice_webhook_catalog_last_reload_success{} 0", await webhook.MetricsAsync(), StringComparison.Ordinal);

        directory.Write("catalog/b.yaml", Dataset("one"));
        var twice = await webhook.UntilReadyzAsync(page => Errors(page) is [var error] && error.Contains("already", StringComparison.Ordinal));
        Assert.Contains($"Dataset vision/one is in {directory.File("catalog/a.yaml")}:3 already", Errors(twice)[0], StringComparison.Ordinal);
        Assert.Equal(1, Datasets(twice));
    }

    [Fact]
    public async Task A_directory_that_is_missing_is_reported()
    {
        var directory = new TemporaryDirectory();
        await using var webhook = await RunningWebhook.StartAsync(
            directory: directory, awaitReady: false, options: options => options with { CatalogDirectory = directory.File("later") });
        Assert.Contains("later", Errors(await webhook.UntilReadyzAsync(page => Errors(page).Length != 0))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mounted_ConfigMap_changes_by_the_swap_of_a_link()
    {
        var directory = new TemporaryDirectory();
        directory.Write("catalog/..1/a.yaml", Dataset("one"));
        directory.Write("catalog/..2/a.yaml", Dataset("one") + Dataset("two"));
        File.CreateSymbolicLink(directory.File("catalog/..data"), "..1");
        File.CreateSymbolicLink(directory.File("catalog/a.yaml"), "..data/a.yaml");
        await using var webhook = await RunningWebhook.StartAsync(directory: directory);
        Assert.Equal(1, Datasets(await webhook.ReadyzAsync()));

        directory.Swap("catalog/..data", "..2");
        await webhook.UntilReadyzAsync(page => Datasets(page) == 2);
    }

    [Fact]
    public void A_fingerprint_changes_with_the_files_and_only_with_them()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("a.yaml", "a");
        var catalog = new CatalogDirectory(directory.Path);
        var first = catalog.Fingerprint();
        Assert.Equal(first, catalog.Fingerprint());
        directory.Write("notes.txt", "a");
        Assert.Equal(first, catalog.Fingerprint());
        directory.Write("a.yaml", "ab");
        var second = catalog.Fingerprint();
        Assert.NotEqual(first, second);
        directory.Write("b.json", "");
        Assert.NotEqual(second, catalog.Fingerprint());
    }

    [Fact]
    public void Links_in_a_circle_are_an_error_and_no_hang()
    {
        using var directory = new TemporaryDirectory();
        File.CreateSymbolicLink(directory.File("again"), directory.Path);
        var reading = new CatalogDirectory(directory.Path).Read();
        Assert.Null(reading.Catalog);
        Assert.Single(reading.Errors);
    }
}
