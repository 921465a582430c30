namespace Sluice.Api.Manifests;

/// <summary>Messages about a word that is not in a closed list.</summary>
internal static class Suggestion
{
    /// <summary><c>"X" is …: did you mean "Y"?</c> when one is near, else the whole list.</summary>
    public static string UnknownValue(string word, IReadOnlyList<string> known, string problem)
    {
        var remedy = Nearest(word, known) is { } near ? $"did you mean \"{near}\"?"
            : known.Count == 0 ? "there are none"
            : $"known are {string.Join(", ", known)}";
        return $"\"{word}\" {problem}: {remedy}";
    }

    /// <summary>The known word that differs from <paramref name="word"/> by case alone or by at most two edits.</summary>
    public static string? Nearest(string word, IReadOnlyList<string> known)
    {
        var allowed = word.Length < 4 ? 1 : 2; // in a short word two edits are another word
        string? best = null;
        foreach (var candidate in known)
        {
            var distance = string.Equals(word, candidate, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(word, candidate, allowed);
            if (distance > allowed)
                continue;
            allowed = distance - 1;
            best = candidate;
            if (allowed < 0)
                break;
        }
        return best;
    }

    /// <summary>Levenshtein distance; anything above <paramref name="limit"/> is as good as limit + 1.</summary>
    private static int Distance(string a, string b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) > limit || a.Length > 100)
            return limit + 1;
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
