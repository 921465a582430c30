using Sluice.Api.Validation;

namespace Sluice.Api.Tests.Validation;

public sealed class CompiledOptionsTests
{
    private static readonly CompiledOptions Options = new(new RuntimeProfileSpec
    {
        Options =
        {
            ["endpoint"] = new ProfileOption { Pattern = "^https?://[a-z.:0-9]+$", Endpoint = true },
            ["offset"] = new ProfileOption { Type = OptionType.Integer, Pattern = "^-?[0-9]+$", Default = "1" },
            ["free"] = new ProfileOption(),
            ["any"] = new ProfileOption { Pattern = ".*" },
            ["ttl"] = new ProfileOption { Type = OptionType.Duration, Default = "5s" },
        },
    });

    private static string Error(string name, string value)
    {
        var dataset = new DatasetSpec { Source = { Options = { [name] = value } } };
        Assert.False(Options.TryMerge(null, dataset, out var values, out var errors));
        Assert.Empty(values);
        return Assert.Single(errors).ToString();
    }

    [Fact]
    public void The_nearest_to_the_dataset_wins()
    {
        var runtime = new RuntimeSpec { Options = { ["ttl"] = "1m", ["free"] = "r" }, Fuse = { Options = { ["ttl"] = "2m" } } };
        var dataset = new DatasetSpec { Source = { Options = { ["offset"] = "-3" } }, Fuse = { Options = { ["free"] = "d" } } };
        Assert.True(Options.TryMerge(runtime, dataset, out var values, out _));
        Assert.Equal("any=, endpoint=, free=d, offset=-3, ttl=2m", string.Join(", ", values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}")));
    }

    [Theory]
    [InlineData("nope", "x", "is not an option of the profile, which declares any, endpoint, free, offset, ttl")]
    [InlineData("free", "--rc", "must not begin with a dash")]
    [InlineData("any", "--rc", "must not begin with a dash")]
    [InlineData("free", "a\nb", "must not hold control characters")]
    [InlineData("any", "a\n", "must not hold control characters")]
    [InlineData("free", "a,allow_other", "must not hold the character ','")]
    [InlineData("free", "a b", "must not hold the character ' '")]
    [InlineData("endpoint", "ftp://x", "must match ^https?://")]
    [InlineData("endpoint", "xhttp://x", "must match ^https?://")]
    [InlineData("offset", "-x", "must be a whole number")]
    [InlineData("ttl", "soon", "must be a duration")]
    public void A_value_that_could_do_more_than_be_a_value_is_refused(string name, string value, string expected)
    {
        var error = Error(name, value);
        Assert.StartsWith($"spec.source.options[{name}]: ", error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_required_option_is_asked_for()
    {
        var options = new CompiledOptions(new RuntimeProfileSpec { Options = { ["bucket"] = new ProfileOption { Required = true, Description = "where it is" } } });
        Assert.False(options.TryMerge(null, new DatasetSpec(), out _, out var errors));
        Assert.Equal("spec.source.options[bucket]: is required by the profile: where it is", Assert.Single(errors).ToString());
    }
}
