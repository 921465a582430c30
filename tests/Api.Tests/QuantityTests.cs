using System.Globalization;
using CsCheck;

namespace Sluice.Api.Tests;

public sealed class QuantityTests
{
    private static readonly Gen<(string Text, decimal Milli)> GenQuantity = Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 4], (number, suffix) =>
    {
        var (text, factor) = suffix switch { 0 => ("", 1000m), 1 => ("m", 1m), 2 => ("k", 1_000_000m), 3 => ("Ki", 1_024_000m), _ => ("Mi", 1_048_576_000m) };
        return (number.ToString(CultureInfo.InvariantCulture) + text, number * factor);
    });

    [Theory]
    [InlineData("0", 0)]
    [InlineData("100m", 100)]
    [InlineData("0.5", 500)]
    [InlineData(".5", 500)]
    [InlineData("5.", 5000)]
    [InlineData("+1", 1000)]
    [InlineData("1e3", 1_000_000)]
    [InlineData("1E3", 1_000_000)]
    [InlineData("1e-3", 1)]
    [InlineData("1k", 1_000_000)]
    [InlineData("1Ki", 1_024_000)]
    [InlineData("1.5Gi", 1_610_612_736_000)]
    [InlineData("1n", 1)]
    [InlineData("1500u", 2)]
    [InlineData("1P", 1_000_000_000_000_000_000)]
    public void Values_are_those_of_kubernetes(string text, long milli)
    {
        Assert.True(Quantity.TryParse(text, out var quantity));
        Assert.Equal(milli, quantity.Milli);
        Assert.Equal(text, quantity.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("1 Gi")]
    [InlineData("1K")]
    [InlineData("1gi")]
    [InlineData("1GiB")]
    [InlineData("-1")]
    [InlineData("1.2.3")]
    [InlineData("e3")]
    [InlineData("1e")]
    [InlineData("0x10")]
    [InlineData(".")]
    [InlineData("99999999999999999999999999")]
    public void What_is_no_quantity_is_refused(string text) => Assert.False(Quantity.TryParse(text, out _));

    [Fact]
    public void Order_and_addition_are_those_of_the_values() =>
        Gen.Select(GenQuantity, GenQuantity).Sample((a, b) =>
        {
            var (left, right) = (Quantity.Parse(a.Text), Quantity.Parse(b.Text));
            Assert.Equal(a.Milli.CompareTo(b.Milli), left.CompareTo(right));
            Assert.Equal(a.Milli + b.Milli, (left + right).Milli);
            Assert.Equal(left + right, Quantity.Parse((left + right).ToString()));
            Assert.Equal(a.Milli == b.Milli, left == right);
        }, iter: 1000);
}
