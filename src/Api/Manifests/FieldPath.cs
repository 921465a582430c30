using System.Globalization;

namespace Sluice.Api.Manifests;

/// <summary>
/// Field paths as messages show them: <c>spec.sharing[0].access</c>, and <c>spec.options[endpoint].pattern</c> for a
/// member of a map, whose key may hold dots.
/// </summary>
public static class FieldPath
{
    public static string Member(string parent, string name) => parent.Length == 0 ? name : $"{parent}.{name}";

    public static string Key(string parent, string key) => $"{parent}[{key}]";

    public static string Index(string parent, int index) => string.Create(CultureInfo.InvariantCulture, $"{parent}[{index}]");

    /// <summary>The names, keys and indexes that <paramref name="path"/> goes through, outermost first.</summary>
    internal static List<string> Segments(string path)
    {
        var segments = new List<string>();
        for (var i = 0; i < path.Length;)
        {
            if (path[i] == '.')
            {
                i++;
            }
            else if (path[i] == '[')
            {
                var end = path.IndexOf(']', i);
                end = end < 0 ? path.Length : end;
                segments.Add(path[(i + 1)..end]);
                i = Math.Min(end + 1, path.Length);
            }
            else
            {
                var end = path.AsSpan(i).IndexOfAny('.', '[');
                end = end < 0 ? path.Length : i + end;
                segments.Add(path[i..end]);
                i = end;
            }
        }
        return segments;
    }
}
