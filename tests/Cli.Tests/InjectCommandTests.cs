using System.Text.Json;

namespace Sluice.Cli.Tests;

public sealed class InjectCommandTests(Samples samples) : IClassFixture<Samples>
{
    [Fact]
    public async Task A_pod_comes_back_with_its_dataset_and_everything_that_it_had()
    {
        var run = await Inject(Samples.Pod);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith("apiVersion: v1\nkind: Pod\nmetadata:\n  name: train\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("replicas: 1.50\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("- name: sluice-imagenet\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("mountPath: /datasets/imagenet\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_injected_is_injected_no_second_time()
    {
        var first = await Inject(Samples.Pod);
        var second = await Inject(first.Out);
        Assert.Equal(first.Out, second.Out);
        var diff = await Inject(first.Out, "-o", "diff");
        Assert.Equal(("", "pod vision/train: unchanged\n"), (diff.Out, diff.Error));
    }

    [Theory]
    [InlineData("apps/v1", "Deployment", "spec: {template: {metadata: {labels: {sluice.io/dataset: imagenet}}, spec: {containers: [{name: c, image: i}]}}}")]
    [InlineData("batch/v1", "CronJob", "spec: {jobTemplate: {spec: {template: {metadata: {labels: {sluice.io/dataset: imagenet}}, spec: {containers: [{name: c, image: i}]}}}}}")]
    [InlineData("v1", "ReplicationController", "spec: {template: {metadata: {labels: {sluice.io/dataset: imagenet}}, spec: {containers: [{name: c, image: i}]}}}")]
    public async Task A_pod_template_is_injected_in_its_place(string apiVersion, string kind, string spec)
    {
        var run = await Inject($"apiVersion: {apiVersion}\nkind: {kind}\nmetadata: {{name: web, namespace: vision}}\n{spec}\n", "-o", "json");
        Assert.Equal((0, ""), (run.Code, run.Error));
        using var json = JsonDocument.Parse(run.Out);
        var template = json.RootElement.GetProperty("spec");
        if (kind == "CronJob")
            template = template.GetProperty("jobTemplate").GetProperty("spec");
        template = template.GetProperty("template");
        Assert.Equal("metadata spec", string.Join(' ', template.EnumerateObject().Select(m => m.Name)));
        Assert.Equal("sluice-imagenet", template.GetProperty("spec").GetProperty("initContainers")[0].GetProperty("name").GetString());
        Assert.Equal("true", template.GetProperty("metadata").GetProperty("labels").GetProperty("sluice.io/injected").GetString());
    }

    [Fact]
    public async Task What_is_no_pod_passes_unchanged_and_documents_keep_their_order()
    {
        const string Other = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  key: |\n    two\n    lines\n";
        var run = await Inject($"{Other}---\n# nothing here\n---\n{Samples.Pod}\n---\n{Other}");
        Assert.Equal(0, run.Code);
        Assert.StartsWith(Other + "---\napiVersion: v1\nkind: Pod\n", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("---\n" + Other, run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_objects_are_one_List_in_JSON()
    {
        var run = await Inject($"{Samples.Pod}\n---\n{{apiVersion: v1, kind: ConfigMap}}", "-o", "json");
        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal("List", json.RootElement.GetProperty("kind").GetString());
        Assert.Equal(2, json.RootElement.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_patch_stands_alone_when_there_is_one_pod_and_is_titled_when_there_are_more()
    {
        var one = await Inject(Samples.Pod, "-o", "patch");
        using var patch = JsonDocument.Parse(one.Out);
        Assert.All(patch.RootElement.EnumerateArray(), o => Assert.Matches("^(add|replace)$", o.GetProperty("op").GetString()));
        var two = await Inject($"{Samples.Pod}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: plain}}, spec: {{containers: []}}}}", "-o", "patch");
        Assert.Equal("# pod vision/train\n" + one.Out + "# pod default/plain\n[]\n", two.Out);
        Assert.Equal("pod default/plain: unchanged\n", two.Error);
    }

    [Fact]
    public async Task A_diff_is_coloured_for_a_terminal_alone()
    {
        var file = samples.Write("diff.yaml", Samples.Pod);
        string[] arguments = ["inject", "-f", file, "--catalog", samples.CatalogPath, "-o", "diff"];
        var plain = await CommandRun.OfAsync(arguments);
        Assert.StartsWith("--- pod vision/train\n+++ pod vision/train (injected)\n@@ ", plain.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', plain.Out);
        var coloured = await CommandRun.OfAsync(terminal => terminal with { Colour = true }, arguments);
        Assert.Contains("\e[32m+", coloured.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_namespace_is_the_objects_own_then_the_options_then_default()
    {
        const string Bare = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {sluice.io/dataset: imagenet}}, spec: {containers: [{name: c, image: i}]}}";
        Assert.Equal(0, (await Inject(Bare, "-n", "vision")).Code);
        Assert.Equal(0, (await Inject(Samples.Pod, "-n", "elsewhere")).Code);
        var run = await Inject(Bare);
        Assert.Equal(2, run.Code);
        Assert.StartsWith("Error: pod default/p: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_denial_keeps_every_manifest_from_standard_output()
    {
        var denied = Samples.Pod.Replace("dataset: imagenet", "dataset: missing", StringComparison.Ordinal);
        var run = await Inject($"{Samples.Pod}\n---\n{denied}");
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Matches("^Error: pod vision/train: .*vision/missing.*\n$", run.Error);
    }

    [Fact]
    public async Task Unreadable_input_is_told_in_one_sentence()
    {
        Assert.Equal((1, "Error: standard input is empty: give it a manifest, or name a file with -f\n"), Failure(await Inject(" \n")));
        Assert.Equal((1, "Error: stdin: no manifest in it, only comments or white space\n"), Failure(await Inject("# nothing\n")));
        Assert.Equal((1, "Error: /nowhere.yaml: no such file or directory\n"), Failure(await CommandRun.OfAsync("inject", "-f", "/nowhere.yaml", "--catalog", samples.CatalogPath)));
        Assert.Equal((1, "Error: catalog /nowhere: no such directory\n"), Failure(await CommandRun.WithInputAsync(Samples.Pod, "inject", "-f", "-", "--catalog", "/nowhere")));
        Assert.Equal((1, "Error: stdin:1: a manifest must be an object with apiVersion and kind\n"), Failure(await Inject("- a\n")));
        var broken = await Inject("apiVersion: v1\nkind: [\n");
        Assert.Equal(1, broken.Code);
        Assert.Matches("^Error: stdin:[23]:[0-9]+: [^\n]+\n$", broken.Error);
    }

    [Fact]
    public async Task A_directory_without_manifests_is_no_catalog()
    {
        var empty = Path.GetDirectoryName(samples.Write("empty/readme.txt", ""))!;
        var run = await CommandRun.WithInputAsync(Samples.Pod, "inject", "-f", "-", "--catalog", empty);
        Assert.Equal((1, $"Error: {empty}: no manifests (*.yaml, *.yml, *.json) in this directory\n"), Failure(run));
    }

    [Fact]
    public async Task A_broken_catalog_decides_nothing()
    {
        var broken = samples.Write("broken/a.yaml", "apiVersion: sluice.io/v1alpha1\nkind: Dataset\nmetadata: {name: a}\nspec: {sauce: x}\n");
        var directory = Path.GetDirectoryName(broken)!;
        var run = await CommandRun.WithInputAsync(Samples.Pod, "inject", "-f", "-", "--catalog", directory);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.Contains($"{broken}:4:", run.Error, StringComparison.Ordinal);
        Assert.EndsWith($"Error: catalog {directory} has 1 error: `sluice validate -f {directory}` lists them\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_catalog_that_the_webhook_would_refuse_decides_nothing()
    {
        const string Dataset = "apiVersion: sluice.io/v1alpha1\nkind: Dataset\nmetadata: {name: a}\nspec: {source: {uri: http://h/x, options: {zone: a}}}\n";
        const string Profile = "apiVersion: sluice.io/v1alpha1\nkind: RuntimeProfile\nmetadata: {name: p}\nspec: {schemes: [http], fuse: {image: i, command: [c, \"${mountpoint}\"]}}\n";
        var file = samples.Write("contradiction/a.yaml", Dataset + "---\n" + Profile);
        var run = await CommandRun.WithInputAsync(Samples.Pod, "inject", "-f", "-", "--catalog", Path.GetDirectoryName(file)!);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.StartsWith($"{file}:4:44: spec.source.options[zone]: is not an option of the profile", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Error: Option '--catalog' is required.", "inject", "-f", "-")]
    [InlineData("Error: Option '--filename' is required.", "inject", "--catalog", "x")]
    [InlineData("Error: --output: \"xml\" is none of yaml, json, patch, diff.\n", "inject", "-f", "-", "--catalog", "x", "-o", "xml")]
    public async Task Wrong_usage_is_told_with_the_way_to_the_help(string message, params string[] arguments)
    {
        var run = await CommandRun.OfAsync(arguments);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.StartsWith(message, run.Error, StringComparison.Ordinal);
        Assert.EndsWith("See: sluice inject --help\n", run.Error, StringComparison.Ordinal);
    }

    private Task<CommandRun> Inject(string input, params string[] options) =>
        CommandRun.WithInputAsync(input, ["inject", "-f", "-", "--catalog", samples.CatalogPath, .. options]);

    private static (int Code, string Error) Failure(CommandRun run)
    {
        Assert.Equal("", run.Out);
        return (run.Code, run.Error);
    }
}
