using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sluice.Api.Manifests;

/// <summary>
/// What an unquoted YAML scalar means. The rules are those of the YAML 1.1 reader behind kubectl (sigs.k8s.io/yaml), so
/// that one file means the same here and there: <c>no</c>, <c>off</c> and <c>y</c> are booleans, <c>010</c> is eight,
/// <c>1_000</c> is a thousand, and times are text.
/// </summary>
internal static partial class PlainScalar
{
    /// <summary>
    /// The JSON text of <paramref name="text"/> when it is no string; null when it is one. Numbers that are valid JSON stay
    /// as written, however many digits they have. <see cref="NotFinite"/> is returned for infinities and NaN.
    /// </summary>
    public static string? ToJson(string text)
    {
        if (text.Length == 0)
            return "null";
        var word = Word(text);
        if (word is not null)
            return word;
        return text[0] is (>= '0' and <= '9') or '+' or '-' or '.' ? Number(text) : null;
    }

    /// <summary>No JSON: the scalar is a number that JSON cannot hold.</summary>
    public const string NotFinite = "";

    private static string? Word(string text) => text switch
    {
        "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => "true",
        "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => "false",
        "~" or "null" or "Null" or "NULL" => "null",
        ".nan" or ".NaN" or ".NAN" => NotFinite,
        ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" or "-.inf" or "-.Inf" or "-.INF" => NotFinite,
        _ => null,
    };

    private static string? Number(string text)
    {
        if (JsonNumber().IsMatch(text))
            return text;
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        if (Integer(plain) is { } integer)
            return integer;
        if (!Float().IsMatch(plain))
            return null;
        return JsonForm(plain);
    }

    /// <summary>Prefixed (0x, 0o, 0b), old octal (leading zero) and signed integers of 64 bits, in decimal.</summary>
    private static string? Integer(string plain)
    {
        var negative = plain[0] == '-';
        var digits = plain.AsSpan(plain[0] is '+' or '-' ? 1 : 0);
        if (digits.IsEmpty)
            return null;
        var radix = 10;
        if (digits.Length > 1 && digits[0] == '0')
        {
            (radix, var prefix) = digits[1] switch
            {
                'x' or 'X' => (16, 2),
                'o' or 'O' => (8, 2),
                'b' or 'B' => (2, 2),
                _ => (8, 1),
            };
            digits = digits[prefix..];
        }
        if (digits.IsEmpty)
            return null;
        UInt128 value = 0;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 16;
            if (digit >= radix)
                return null;
            value = (value * (uint)radix) + (uint)digit;
            if (value > ulong.MaxValue)
                return null; // a float then, if it looks like one
        }
        if (negative && value > (UInt128)long.MaxValue + 1)
            return null;
        return (negative && value != 0 ? "-" : "") + value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The float's own digits in JSON's grammar: no plus sign, no leading zeros, digits on both sides of the point.</summary>
    private static string JsonForm(string plain)
    {
        var output = new StringBuilder();
        var rest = plain.AsSpan();
        if (rest[0] == '-')
            output.Append('-');
        rest = rest.TrimStart("+-");
        var exponentAt = rest.IndexOfAny('e', 'E');
        var mantissa = exponentAt < 0 ? rest : rest[..exponentAt];
        var point = mantissa.IndexOf('.');
        var whole = (point < 0 ? mantissa : mantissa[..point]).TrimStart('0');
        var fraction = point < 0 ? default : mantissa[(point + 1)..];
        output.Append(whole.IsEmpty ? "0" : whole);
        if (!fraction.IsEmpty)
            output.Append('.').Append(fraction);
        if (exponentAt >= 0)
            output.Append(rest[exponentAt..]);
        return output.ToString();
    }

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex JsonNumber();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Float();
}
