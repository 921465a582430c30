using System.Globalization;

namespace Sluice.Api.Validation;

/// <summary>Cron's five fields as a CronJob takes them; macros such as <c>@daily</c> are not.</summary>
internal static class CronSchedule
{
    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    private static readonly (string Name, int Min, int Max, string[] Words)[] Fields =
    [
        ("minute", 0, 59, []), ("hour", 0, 23, []), ("day of month", 1, 31, []), ("month", 1, 12, Months), ("day of week", 0, 6, Days),
    ];

    /// <summary>Null when <paramref name="text"/> is a schedule.</summary>
    public static string? Problem(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != Fields.Length)
            return $"\"{text}\" must have five fields: minute, hour, day of month, month, day of week, such as \"0 3 * * *\"";
        for (var i = 0; i < parts.Length; i++)
        {
            var (name, min, max, words) = Fields[i];
            if (!parts[i].Split(',').All(item => IsItem(item, min, max, words)))
                return $"\"{parts[i]}\" is no {name}: use *, numbers from {min} to {max}, ranges, lists or steps";
        }
        return null;
    }

    private static bool IsItem(string item, int min, int max, string[] words)
    {
        var slash = item.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && !(int.TryParse(item.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step > 0))
            return false;
        var range = slash < 0 ? item : item[..slash];
        if (range is "*" or "?")
            return true;
        var dash = range.IndexOf('-', StringComparison.Ordinal);
        return dash < 0
            ? IsValue(range, min, max, words, out _)
            : IsValue(range[..dash], min, max, words, out var from) && IsValue(range[(dash + 1)..], min, max, words, out var to) && from <= to;
    }

    private static bool IsValue(string text, int min, int max, string[] words, out int value)
    {
        var word = Array.FindIndex(words, w => string.Equals(w, text, StringComparison.OrdinalIgnoreCase));
        if (word >= 0)
        {
            value = word + min;
            return true;
        }
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
    }
}
