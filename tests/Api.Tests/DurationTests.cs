using CsCheck;

namespace Sluice.Api.Tests;

public sealed class DurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("2d", 172_800)]
    [InlineData("1500ms", 2)]
    public void Seconds_are_whole_and_rounded_up(string text, long seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.Seconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("5 s")]
    [InlineData("5S")]
    [InlineData("s")]
    [InlineData("1.5h")]
    [InlineData("1001d")]
    [InlineData("999d999d")]
    [InlineData("99999999999h")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));

    [Fact]
    public void What_is_shown_reads_back_the_same() =>
        Gen.Long[0, 86_400_000_000].Sample(milliseconds =>
        {
            var duration = new Duration(TimeSpan.FromMilliseconds(milliseconds));
            return Duration.TryParse(duration.ToString(), out var read) && read == duration;
        }, iter: 1000);
}
