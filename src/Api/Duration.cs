using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Api;

/// <summary>
/// A length of time as Kubernetes users write it: <c>90s</c>, <c>1h30m</c>, <c>500ms</c>. Non-negative, below 1,000 days.
/// The plain number <c>0</c> is allowed and means none.
/// </summary>
[JsonConverter(typeof(DurationJsonConverter))]
public readonly record struct Duration(TimeSpan Value)
{
    private static readonly TimeSpan Max = TimeSpan.FromDays(1000); // arbitrary; keeps arithmetic far from overflow

    /// <summary>Whole seconds, rounded up, since Kubernetes' own fields hold seconds.</summary>
    public long Seconds => (long)Math.Ceiling(Value.TotalSeconds);

    public static Duration FromSeconds(double seconds) => new(TimeSpan.FromSeconds(seconds));

    /// <summary>Reads <paramref name="text"/>; false when it is not a duration.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Duration duration)
    {
        duration = default;
        if (text is "0")
            return true;
        var total = TimeSpan.Zero;
        if (text.IsEmpty)
            return false;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > 12) // Max in milliseconds has eleven digits
                return false;
            var number = long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            text = text[digits..];
            var letters = text.IndexOfAnyInRange('0', '9');
            var unit = letters < 0 ? text : text[..letters];
            text = text[unit.Length..];
            TimeSpan one;
            switch (unit)
            {
                case "ms": one = TimeSpan.FromMilliseconds(1); break;
                case "s": one = TimeSpan.FromSeconds(1); break;
                case "m": one = TimeSpan.FromMinutes(1); break;
                case "h": one = TimeSpan.FromHours(1); break;
                case "d": one = TimeSpan.FromDays(1); break;
                default: return false;
            }
            if (number > Max / one)
                return false;
            total += one * number;
        }
        if (total > Max)
            return false;
        duration = new Duration(total);
        return true;
    }

    public override string ToString() => Value switch
    {
        { Ticks: 0 } => "0s",
        { Milliseconds: not 0 } => string.Create(CultureInfo.InvariantCulture, $"{(long)Value.TotalMilliseconds}ms"),
        { Seconds: not 0 } => string.Create(CultureInfo.InvariantCulture, $"{(long)Value.TotalSeconds}s"),
        { Minutes: not 0 } => string.Create(CultureInfo.InvariantCulture, $"{(long)Value.TotalMinutes}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)Value.TotalHours}h"),
    };
}

internal sealed class DurationJsonConverter : JsonConverter<Duration>
{
    public override Duration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number when reader.TryGetInt64(out var number) && number == 0 => "0",
            _ => null,
        };
        return Duration.TryParse(text, out var duration)
            ? duration
            : throw new JsonException("must be a duration such as 90s, 30m or 2h");
    }

    public override void Write(Utf8JsonWriter writer, Duration value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
