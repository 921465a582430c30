using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Sluice.Injection;
using Sluice.Testing;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Running;

/// <summary>Images: what is built, and what manifests and the injection name.</summary>
public sealed partial class ImagesTests
{
    private const string Registry = "ghcr.io/sluice-io/";

    /// <summary>Targets of the Dockerfile, and the project whose program each runs.</summary>
    private static readonly Dictionary<string, string> Programs = new(StringComparer.Ordinal) { ["relay"] = "Relay", ["mounter"] = "Mounter", ["webhook"] = "Webhook" };

    private static readonly string[] Dockerfile = File.ReadAllLines(Repository.PathOf("deploy", "images", "Dockerfile"));

    public static TheoryData<string> Targets => [.. Programs.Keys];

    [Fact]
    public void Images_carry_the_version_that_is_built_and_are_built()
    {
        var version = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;
        var named = Kustomization.Roots.SelectMany(r => Names(Kustomization.Render(r).Find("Deployment", "sluice-webhook").ToJsonString())).Append(InjectionSettings.Default.RelayImage).Distinct(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(named);
        Assert.All(named, image => Assert.Contains(image, Programs.Keys.Select(t => $"{Registry}sluice-{t}:{version}"), StringComparer.Ordinal));
        Assert.Contains($"registry=\"${{REGISTRY:-{Registry.TrimEnd('/')}}}\"", File.ReadAllText(Repository.PathOf("deploy", "images", "build")), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void An_image_holds_its_program_and_no_shell(string target)
    {
        var stage = Stage(target);
        Assert.Matches(@"^FROM (scratch|mcr\.microsoft\.com/dotnet/runtime-deps:\S+-chiseled) AS ", stage[0]);
        var program = XDocument.Load(Repository.PathOf("src", Programs[target], $"{Programs[target]}.csproj")).Descendants("AssemblyName").Single().Value;
        Assert.Contains($"COPY --from=build /out/{Programs[target]}/{program} /{program}", stage, StringComparer.Ordinal);
        Assert.Contains($"ENTRYPOINT [\"/{program}\"]", stage, StringComparer.Ordinal);
        // The mounter mounts, which is root's; nobody else is root.
        Assert.Contains(target == "mounter" ? "USER 0:0" : "USER 65532:65532", stage, StringComparer.Ordinal);
    }

    [Fact]
    public void The_relay_lies_where_the_injection_calls_it()
    {
        // Source: src/Injection/Installer.cs.
        var pod = Yaml.ReadFile(Repository.PathOf("tests", "Golden", "shared", "two-and-init", "expected.yaml")).Single();
        Assert.Equal("/sluice-relay", Yaml.Text(pod["spec"]!["initContainers"]![0]!["command"]![0]));
        Assert.Contains("ENTRYPOINT [\"/sluice-relay\"]", Stage("relay"), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Without_a_builder_one_line_says_what_is_needed()
    {
        var directory = Directory.CreateTempSubdirectory("sluice-images-");
        try
        {
            foreach (var program in (string[])["dirname", "sed"])
                File.CreateSymbolicLink(Path.Combine(directory.FullName, program), $"/usr/bin/{program}");
            var start = new ProcessStartInfo("/bin/bash", [Repository.PathOf("deploy", "images", "build")]) { UseShellExecute = false, RedirectStandardError = true };
            start.Environment["PATH"] = directory.FullName;
            using var process = Process.Start(start)!;
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(1, process.ExitCode);
            Assert.Equal("make images needs a running docker, or podman or buildah: install one of them and try again.\n", error);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string[] Stage(string target)
    {
        var first = Array.FindIndex(Dockerfile, l => l.EndsWith($" AS {target}", StringComparison.Ordinal));
        Assert.True(first >= 0, target);
        return [.. Dockerfile.Skip(first).TakeWhile((l, i) => i == 0 || !l.StartsWith("FROM ", StringComparison.Ordinal))];
    }

    private static IEnumerable<string> Names(string json) => Image().Matches(json).Select(m => m.Groups["image"].Value);

    [GeneratedRegex(@"""image"":""(?<image>[^""]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Image();
}
