using Sluice.Api;

namespace Sluice.Injection.Tests.Profiles;

public sealed class ShippedProfilesTests
{
    /// <summary>What the documentation promises for a source without a named profile.</summary>
    public static TheoryData<string, string> Defaults => new()
    {
        { "s3", "rclone-s3" },
        { "gs", "rclone-gs" },
        { "azureblob", "rclone-azureblob" },
        { "webdav", "rclone-webdav" },
        { "webdavs", "rclone-webdav" },
        { "http", "rclone-http" },
        { "https", "rclone-http" },
        { "sftp", "rclone-sftp" },
        { "file", "bindfs" },
        { "redis", "juicefs" },
        { "rediss", "juicefs" },
        { "alluxio", "alluxio" },
    };

    public static TheoryData<string> Names => [.. ShippedProfiles.All.Select(p => p.Metadata.Name)];

    [Theory, MemberData(nameof(Defaults))]
    public void Every_scheme_has_its_documented_default(string scheme, string profile)
    {
        var catalog = new Catalog([], [], ShippedProfiles.All, [], []);
        Assert.Equal(profile, catalog.FindProfileForScheme(scheme)?.Name);
    }

    [Fact]
    public void No_scheme_is_served_that_is_not_documented() =>
        Assert.Equal(
            Defaults.Select(d => d.Data.Item1).Order(StringComparer.Ordinal),
            ShippedProfiles.All.SelectMany(p => p.Spec.Schemes).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Names))]
    public void A_file_holds_the_profile_of_its_name(string name)
    {
        var file = Assert.Single(ShippedProfiles.Read(Path.Combine(ShippedProfiles.Directory, name + ".yaml")));
        Assert.Equal(name, file.Metadata.Name);
    }

    [Theory, MemberData(nameof(Names))]
    public void A_sidecar_has_what_quotas_and_the_restricted_standard_demand(string name)
    {
        var fuse = ShippedProfiles.Named(name).Spec.Fuse;
        foreach (var resource in (string[])["cpu", "memory"])
        {
            Assert.True(fuse.Resources.Requests.ContainsKey(resource));
            Assert.True(fuse.Resources.Limits.ContainsKey(resource));
            Assert.True(fuse.Resources.Requests[resource].CompareTo(fuse.Resources.Limits[resource]) <= 0);
        }
        Assert.Equal(65532, fuse.User.RunAsUser);
        Assert.Contains('/', fuse.Image);
        Assert.Contains(':', fuse.Image);
        Assert.DoesNotContain(":latest", fuse.Image);
    }

    [Theory, MemberData(nameof(Names))]
    public void Every_option_is_described_and_holds_to_a_pattern_or_a_type(string name)
    {
        foreach (var option in ShippedProfiles.Named(name).Spec.Options.Values)
        {
            Assert.False(string.IsNullOrEmpty(option.Description));
            Assert.True(option.Pattern is not null || option.Type != OptionType.String);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Nothing_a_Datasets_author_writes_begins_an_argv_item(string name)
    {
        foreach (var item in ShippedProfiles.Named(name).Spec.Fuse.Command)
        {
            Assert.True(Template.TryParse(item, out var template, out var error), error);
            var first = template.Parts[0];
            Assert.True(!first.IsPlaceholder || Placeholders.MayStartItem.Contains(first.Text, StringComparer.Ordinal), item);
        }
    }
}
