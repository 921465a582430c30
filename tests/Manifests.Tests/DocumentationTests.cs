using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Injection;
using Sluice.Manifests.Tests.Admission;
using Sluice.Testing;
using Sluice.Testing.Golden;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests;

/// <summary>What the documentation quotes is what is said, and what it lists is what there is.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string, string> Forgeries
    {
        get
        {
            var section = Section("threat-model.md", "Forgeries");
            var rows = Rows().Matches(section).Where(r => r.Groups["words"].Value.Length > 0).ToList();
            Assert.Equal(section.Split('\n').Count(line => line.EndsWith("` |", StringComparison.Ordinal)), rows.Count);
            return new(rows.Select(r => (r.Groups["by"].Value.Trim().Replace("`", "", StringComparison.Ordinal), r.Groups["words"].Value)));
        }
    }

    [Theory]
    [MemberData(nameof(Forgeries))]
    public void A_forgery_is_refused_in_the_words_of_the_threat_model(string by, string words)
    {
        var said = by == "webhook"
            ? GoldenFiles.Cases.Select(GoldenCase.Read).Select(c => c.PathOf(GoldenExpectation.DenialFile)).Where(File.Exists).Select(File.ReadAllText)
            : PodPolicyTests.Messages().Where(m => $"policy {m}".StartsWith(by + ": ", StringComparison.Ordinal));
        Assert.Contains(said, s => s.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_overlay_and_every_entry_is_in_the_installation()
    {
        var overlays = Section("install.md", "Overlays");
        Assert.All(Kustomization.Roots.Where(r => r.Length > 0), r => Assert.Contains($"| `{r}` |", overlays, StringComparison.Ordinal));
        var entries = Section("install.md", "Which pods come to the webhook");
        Assert.All(
            Kustomization.Render("").Find("MutatingWebhookConfiguration", "sluice-webhook")["webhooks"]!.AsArray(),
            w => Assert.Contains($"| `{Yaml.Text(w!["name"])}` |", entries, StringComparison.Ordinal));
    }

    public static TheoryData<string, string, string> Tenants =>
        new(TenantRows().Matches(Section("policies.md", "Three tenants")).Select(r => (r.Groups["namespace"].Value, r.Groups["asks"].Value, r.Groups["answer"].Value)));

    [Theory]
    [MemberData(nameof(Tenants))]
    public void A_pod_of_the_worked_tenants_gets_what_the_table_says(string nameSpace, string asks, string answer)
    {
        var resources = Yaml.Blocks(Section("policies.md", "Three tenants")).SelectMany(b => ManifestReader.Read("policies.md", b).Objects)
            .Concat(Directory.EnumerateFiles(Repository.PathOf("deploy", "manifests", "profiles"), "*.yaml").SelectMany(f => ManifestReader.Read(f, File.ReadAllText(f), OtherKinds.Skip).Objects))
            .Select(o => o.Resource).ToList();
        var decision = CoreRun.Decide(new PodRequest(Pod(asks), nameSpace, "CREATE", ""), Catalog.Of(resources)).Decision;
        var words = Words().Match(answer).Groups["words"].Value;
        Assert.Equal(answer.StartsWith("refused", StringComparison.Ordinal) ? DecisionKind.Deny : DecisionKind.Patch, decision.Kind);
        if (decision.Kind == DecisionKind.Deny)
            Assert.StartsWith(words, decision.Message, StringComparison.Ordinal);
        else if (words.Length == 0)
            Assert.Empty(decision.Warnings);
        else
            Assert.StartsWith(words, Assert.Single(decision.Warnings), StringComparison.Ordinal);
    }

    private static JsonElement Pod(string asks)
    {
        var labels = new JsonObject();
        var annotations = new JsonObject();
        foreach (Match ask in Asks().Matches(asks))
            (ask.Groups["key"].Value is Names.DatasetLabel or Names.InjectLabel ? labels : annotations)[ask.Groups["key"].Value] = ask.Groups["value"].Value;
        var pod = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "pod", ["labels"] = labels, ["annotations"] = annotations },
            ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "app", ["image"] = "app:1" }) },
        };
        return JsonElement.Parse(pod.ToJsonString());
    }

    private static string Section(string file, string heading) =>
        File.ReadAllText(Repository.PathOf("docs", file)).Split($"\n## {heading}\n")[1].Split("\n## ")[0];

    [GeneratedRegex(@"^\| `(?<namespace>[a-z]+)` \| (?<asks>[^|]+) \| (?<answer>[^|]+) \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TenantRows();

    [GeneratedRegex("`(?<words>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Words();

    [GeneratedRegex("`(?<key>sluice.io/[a-z-]+): (?<value>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Asks();

    [GeneratedRegex(@"^\| (?<attempt>[^|]+) \| (?<by>[^|]+) \|( `(?<words>[^|]+)`)? \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rows();
}
