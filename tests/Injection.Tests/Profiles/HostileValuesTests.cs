using Sluice.Api;
using Sluice.Api.Validation;

namespace Sluice.Injection.Tests.Profiles;

/// <summary>What a Dataset's author may write never becomes a flag, a command or another host of a client.</summary>
public sealed class HostileValuesTests
{
    private static readonly string[] HostileOptions =
    [
        "--rc",
        "-oProxyCommand=id",
        "x --rc",
        "x\n--rc",
        "x\r",
        "x\0",
        "x,ssh_command=id",
        "x,allow_other",
        "$(id)",
        "${secret.secretKey}",
        "`id`",
        "x;id",
        "x|id",
        "x'y",
        "x\"y",
        "x\\,y",
        "../..",
        "/etc/../x",
        "x\u2028y",
        "x\u0085y",
        "\u202ex",
        "http://good.example@evil.example",
        "http://evil.example/?x",
        "http://evil.example#x",
        "http://[::1]:80:80",
        ":s3,endpoint=evil.example:",
    ];

    public static TheoryData<string, string> Options =>
        [.. ShippedProfiles.All.SelectMany(p => p.Spec.Options.Keys.Select(o => (p.Metadata.Name, o)))];

    [Theory, MemberData(nameof(Options))]
    public void No_option_of_a_shipped_profile_takes_a_hostile_value(string profile, string option)
    {
        var options = new CompiledOptions(ShippedProfiles.Named(profile).Spec);
        foreach (var value in HostileOptions)
        {
            var dataset = RenderedSidecar.Dataset("s3://bucket/prefix", profile, new(StringComparer.Ordinal) { [option] = value }).Spec;
            Assert.False(options.TryMerge(null, dataset, out _, out var errors), $"{option} takes {value}");
            Assert.Contains(errors, e => e.Path.Contains(option, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("rc")]
    [InlineData("ssh_command")]
    [InlineData("Endpoint")]
    [InlineData("--endpoint")]
    [InlineData("endpoint\n")]
    public void An_option_that_is_not_declared_is_refused(string option)
    {
        var dataset = RenderedSidecar.Dataset("s3://bucket/prefix", null, new(StringComparer.Ordinal) { [option] = "http://a.example" });
        var decision = RenderedSidecar.Decide(dataset, Access.ReadOnly, out _);
        Assert.Equal(DecisionKind.Deny, decision.Kind);
    }

    [Theory]
    [InlineData("sftp://-oProxyCommand=id/x")]
    [InlineData("sftp://-oProxyCommand=id@host/x")]
    [InlineData("sftp://a b@host/x")]
    [InlineData("sftp://a,ssh_command=id@host/x")]
    [InlineData("sftp://host -oProxyCommand=id/x")]
    [InlineData("sftp://[host/x")]
    [InlineData("sftp://host:22 -F/x")]
    [InlineData("sftp://user:password@host/x")]
    [InlineData("s3://,endpoint=evil.example/x")]
    [InlineData("s3://bucket,endpoint=evil.example:/x")]
    [InlineData("s3://bucket/../../x")]
    [InlineData("s3://bucket/a/./b")]
    [InlineData("s3://bucket/a//b")]
    [InlineData("s3://bucket/a\nb")]
    [InlineData("s3://bucket/$(id)")]
    [InlineData("s3://bucket/`id`")]
    [InlineData("s3://bucket/a'b")]
    [InlineData("s3://bucket/a\"b")]
    [InlineData("s3://bucket/a\\b")]
    [InlineData("s3://bucket/a\u2028b")]
    [InlineData("http://host/a?b")]
    [InlineData("http://host/a#b")]
    [InlineData("http://good.example@evil.example@third.example/")]
    [InlineData("file:///etc")]
    [InlineData("file://../etc")]
    [InlineData("redis://:password@host/1")]
    [InlineData("--rc")]
    [InlineData("")]
    public void A_hostile_uri_is_refused(string uri) =>
        Assert.Equal(DecisionKind.Deny, RenderedSidecar.Decide(RenderedSidecar.Dataset(uri), Access.ReadOnly, out _).Kind);

    /// <summary>What may stand in a path, however it looks, stays inside the one item where the path belongs.</summary>
    [Theory]
    [InlineData("s3://bucket/", null)]
    [InlineData("s3://bucket/", "s3fs")]
    [InlineData("s3://bucket/", "mountpoint-s3")]
    [InlineData("gs://bucket/", null)]
    [InlineData("gs://bucket/", "gcsfuse")]
    [InlineData("webdav://host/", null)]
    [InlineData("https://host/", null)]
    [InlineData("sftp://user@host/", null)]
    [InlineData("sftp://user@host/", "sshfs")]
    [InlineData("file://name/", null)]
    [InlineData("redis://host/", null)]
    [InlineData("alluxio://host/", null)]
    public void A_strange_path_is_one_argument(string uri, string? profile)
    {
        var plain = RenderedSidecar.Of(RenderedSidecar.Dataset(uri + "PATH", profile), Access.ReadOnly);
        foreach (var path in (string[])["--rc", "-oProxyCommand=id x", ":http:x", "@evil.example:22", "%2e%2e/x", "(*)&|<>~!", " ", "über/日本"])
        {
            var strange = RenderedSidecar.Of(RenderedSidecar.Dataset(uri + path, profile), Access.ReadOnly);
            Assert.Equal(plain.Argv.Select(a => a.Replace("PATH", path, StringComparison.Ordinal)), strange.Argv, StringComparer.Ordinal);
            Assert.Equal(plain.Environment, strange.Environment);
            Assert.All(strange.Argv, a => Assert.False(a.StartsWith(path, StringComparison.Ordinal) && path.StartsWith('-')));
        }
    }
}
