using System.Xml.Linq;

namespace Sluice.Injection.Tests;

/// <summary>The edges between projects that ARCHITECTURE.md names, and no others.</summary>
public sealed class HouseTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Api"] = [],
        ["Injection"] = ["Api"],
        ["Webhook"] = ["Injection", "Kube"],
        ["Cli"] = ["Injection", "Kube"],
        ["Kube"] = [],
        ["Linux"] = [],
        ["Relay"] = ["Session", "Linux"],
        ["Session"] = ["Linux"],
        ["Mounter"] = ["Linux", "Session"],
    };

    [Fact]
    public void Projects_reference_only_what_the_architecture_allows()
    {
        var found = 0;
        foreach (var file in Directory.GetFiles(Path.Combine(Root(), "src"), "*.csproj", SearchOption.AllDirectories))
        {
            var project = Path.GetFileNameWithoutExtension(file);
            Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} is not in the list of projects: add it here and to ARCHITECTURE.md");
            var references = XDocument.Load(file).Descendants("ProjectReference")
                .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))
                .Order(StringComparer.Ordinal);
            Assert.Equal(allowed.Order(StringComparer.Ordinal), references);
            found++;
        }
        Assert.Equal(Allowed.Count, found);
    }

    [Fact]
    public void The_decision_does_no_input_or_output()
    {
        string[] forbidden = ["System.IO", "File.", "Directory.", "HttpClient", "Socket", "Console.", "DateTime", "TimeProvider", "Environment.", "Random", "Guid.NewGuid", "Task.", "async "];
        foreach (var file in Directory.GetFiles(Path.Combine(Root(), "src", "Injection"), "*.cs", SearchOption.AllDirectories))
        {
            if (file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
                continue;
            var code = string.Join('\n', File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)));
            Assert.DoesNotContain(forbidden, word => code.Contains(word, StringComparison.Ordinal));
        }
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Webhook.sln")))
            directory = directory.Parent;
        return directory.FullName;
    }
}
