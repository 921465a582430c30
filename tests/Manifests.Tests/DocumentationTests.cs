using System.Text.RegularExpressions;
using Sluice.Manifests.Tests.Admission;
using Sluice.Manifests.Tests.Rendering;
using Sluice.Testing;
using Sluice.Testing.Golden;

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

    private static string Section(string file, string heading) =>
        File.ReadAllText(Repository.PathOf("docs", file)).Split($"\n## {heading}\n")[1].Split("\n## ")[0];

    [GeneratedRegex(@"^\| (?<attempt>[^|]+) \| (?<by>[^|]+) \|( `(?<words>[^|]+)`)? \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rows();
}
