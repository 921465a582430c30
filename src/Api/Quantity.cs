using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Api;

/// <summary>
/// A Kubernetes quantity (<c>100m</c>, <c>2Gi</c>, <c>0.5</c>, <c>1e3</c>), kept as written and compared by value.
/// Source: apimachinery, pkg/api/resource/quantity.go. Values are held in thousandths, rounded up as the API server
/// does below that; quantities beyond 2^63 thousandths of a byte are refused.
/// </summary>
[JsonConverter(typeof(QuantityJsonConverter))]
public readonly struct Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("+-.0123456789");
    private static readonly string[] BinarySuffixes = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] DecimalSuffixes = ["k", "M", "G", "T", "P", "E"];

    private readonly string? _text;

    private Quantity(string text, decimal milli)
    {
        _text = text;
        Milli = milli;
    }

    /// <summary>The value times 1,000, whole.</summary>
    public decimal Milli { get; }

    /// <summary>The value, rounded up to a whole number: bytes for memory, cores for CPU.</summary>
    public decimal Whole => decimal.Ceiling(Milli / 1000m);

    public bool IsZero => Milli == 0;

    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = default;
        if (string.IsNullOrEmpty(text) || text.Length > 40) // longest sensible number and suffix; arbitrary
            return false;
        var end = text.AsSpan().IndexOfAnyExcept(NumberCharacters);
        var exponent = end > 0 && text[end] is 'e' or 'E' && end + 1 < text.Length && (char.IsAsciiDigit(text[end + 1]) || text[end + 1] is '+' or '-');
        var number = text.AsSpan(0, end < 0 ? text.Length : end);
        var suffix = end < 0 ? default : text.AsSpan(end);
        if (!decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) || value < 0)
            return false;
        if (exponent)
        {
            if (!int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) || power is < -9 or > 18)
                return false;
            value *= (decimal)Math.Pow(10, power);
        }
        else if (!TryScale(suffix, ref value))
        {
            return false;
        }
        if (value > long.MaxValue)
            return false;
        quantity = new Quantity(text, decimal.Ceiling(value * 1000m));
        return true;
    }

    public static Quantity Parse(string text) =>
        TryParse(text, out var quantity) ? quantity : throw new FormatException($"\"{text}\" is not a quantity such as 100m, 2Gi or 0.5");

    private static bool TryScale(ReadOnlySpan<char> suffix, ref decimal value)
    {
        if (suffix.IsEmpty)
            return true;
        decimal factor;
        if (suffix is "n") factor = 1e-9m;
        else if (suffix is "u") factor = 1e-6m;
        else if (suffix is "m") factor = 1e-3m;
        else if (IndexOf(DecimalSuffixes, suffix) is >= 0 and var d) factor = (decimal)BigInteger.Pow(1000, d + 1);
        else if (IndexOf(BinarySuffixes, suffix) is >= 0 and var b) factor = (decimal)BigInteger.Pow(1024, b + 1);
        else return false;
        if (value > long.MaxValue / factor)
            return false;
        value *= factor;
        return true;
    }

    private static int IndexOf(string[] suffixes, ReadOnlySpan<char> suffix)
    {
        for (var i = 0; i < suffixes.Length; i++)
        {
            if (suffix.SequenceEqual(suffixes[i]))
                return i;
        }
        return -1;
    }

    /// <summary>A value in its canonical form: the largest suffix of the base that keeps it whole.</summary>
    public static Quantity FromMilli(decimal milli, bool binary)
    {
        if (milli % 1000m != 0)
            return new Quantity(string.Create(CultureInfo.InvariantCulture, $"{milli:0}m"), milli);
        var value = milli / 1000m;
        var (step, suffixes) = binary ? (1024m, BinarySuffixes) : (1000m, DecimalSuffixes);
        var power = 0;
        while (power < suffixes.Length && value != 0 && value % step == 0)
        {
            value /= step;
            power++;
        }
        return new Quantity(string.Create(CultureInfo.InvariantCulture, $"{value:0}{(power == 0 ? "" : suffixes[power - 1])}"), milli);
    }

    /// <summary>The sum, in the base (binary or decimal) of whichever was written in the binary base.</summary>
    public static Quantity operator +(Quantity left, Quantity right) =>
        FromMilli(left.Milli + right.Milli, left.ToString().EndsWith('i') || right.ToString().EndsWith('i'));

    public int CompareTo(Quantity other) => Milli.CompareTo(other.Milli);
    public bool Equals(Quantity other) => Milli == other.Milli;
    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);
    public override int GetHashCode() => Milli.GetHashCode();
    public static bool operator ==(Quantity left, Quantity right) => left.Equals(right);
    public static bool operator !=(Quantity left, Quantity right) => !left.Equals(right);
    public static bool operator <(Quantity left, Quantity right) => left.Milli < right.Milli;
    public static bool operator >(Quantity left, Quantity right) => left.Milli > right.Milli;
    public static bool operator <=(Quantity left, Quantity right) => left.Milli <= right.Milli;
    public static bool operator >=(Quantity left, Quantity right) => left.Milli >= right.Milli;

    /// <summary>As it was written.</summary>
    public override string ToString() => _text ?? "0";
}

internal sealed class QuantityJsonConverter : JsonConverter<Quantity>
{
    public override Quantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan), // `cpu: 2` is YAML's number
            _ => null,
        };
        return Quantity.TryParse(text, out var quantity)
            ? quantity
            : throw new JsonException("must be a non-negative quantity such as 100m, 2Gi or 0.5");
    }

    public override void Write(Utf8JsonWriter writer, Quantity value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
