using System.Text.Json;

namespace Sluice.Cli.Tests;

public sealed class ExplainCommandTests(Samples samples) : IClassFixture<Samples>
{
    [Fact]
    public async Task The_story_is_told_by_dataset()
    {
        var run = await Explain(Samples.Pod);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Matches("^pod vision/train: injected \\(1 dataset, [0-9]+ changes\\)\n\n  dataset vision/imagenet\n    asked     ", run.Out);
        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task A_denial_is_told_and_ends_with_two()
    {
        var run = await Explain(Samples.Pod.Replace("dataset: imagenet", "dataset: missing", StringComparison.Ordinal));
        Assert.Equal(2, run.Code);
        Assert.StartsWith("pod vision/train: denied (404 DatasetNotFound)\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("    refused   dataset \"vision/missing\"", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_get_an_object_per_pod()
    {
        var run = await Explain($"{Samples.Pod}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: plain}}, spec: {{containers: []}}}}", "-o", "json");
        using var json = JsonDocument.Parse(run.Out);
        var pods = json.RootElement;
        Assert.Equal(2, pods.GetArrayLength());
        Assert.Equal("Patch", pods[0].GetProperty("decision").GetString());
        Assert.Equal("vision/imagenet", pods[0].GetProperty("datasets")[0].GetString());
        Assert.Equal("Asked", pods[0].GetProperty("trace")[0].GetProperty("step").GetString());
        Assert.Equal("NotAsked", pods[1].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_file_without_pods_is_told()
    {
        var run = await Explain("{apiVersion: v1, kind: ConfigMap}");
        Assert.Equal((1, "Error: stdin: no pod and no pod template to explain\n"), (run.Code, run.Error));
    }

    private Task<CommandRun> Explain(string input, params string[] options) =>
        CommandRun.WithInputAsync(input, ["explain", "-f", "-", "--catalog", samples.CatalogPath, .. options]);
}
