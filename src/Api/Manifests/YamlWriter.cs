using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Api.Manifests;

/// <summary>
/// Writes JSON as YAML the way kubectl shows objects: block style, members in the order given, lists at the level of their
/// key, text with line breaks as literal blocks, and quotes only around text that would be taken for something else.
/// </summary>
public static partial class YamlWriter
{
    // Characters that begin another construct when they begin a plain scalar.
    private const string Indicators = ",[]{}#&*!|>'\"%@`";

    /// <summary>One document, without <c>---</c>, with a line break at its end.</summary>
    public static string Write(JsonElement value)
    {
        var output = new StringBuilder();
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when value.GetPropertyCount() > 0:
                WriteMembers(output, value, 0, atLineStart: true);
                break;
            case JsonValueKind.Array when value.GetArrayLength() > 0:
                WriteItems(output, value, 0, atLineStart: true);
                break;
            default:
                WriteScalar(output, value, 0);
                break;
        }
        return output.ToString();
    }

    private static void WriteMembers(StringBuilder output, JsonElement value, int indent, bool atLineStart)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (atLineStart)
                output.Append(' ', indent);
            atLineStart = true;
            output.Append(IsPlain(member.Name) ? member.Name : Quoted(member.Name)).Append(':');
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Object when member.Value.GetPropertyCount() > 0:
                    output.Append('\n');
                    WriteMembers(output, member.Value, indent + 2, atLineStart: true);
                    break;
                case JsonValueKind.Array when member.Value.GetArrayLength() > 0:
                    output.Append('\n');
                    WriteItems(output, member.Value, indent, atLineStart: true);
                    break;
                default:
                    output.Append(' ');
                    WriteScalar(output, member.Value, indent + 2);
                    break;
            }
        }
    }

    private static void WriteItems(StringBuilder output, JsonElement value, int indent, bool atLineStart)
    {
        foreach (var item in value.EnumerateArray())
        {
            if (atLineStart)
                output.Append(' ', indent);
            atLineStart = true;
            output.Append("- ");
            switch (item.ValueKind)
            {
                case JsonValueKind.Object when item.GetPropertyCount() > 0:
                    WriteMembers(output, item, indent + 2, atLineStart: false);
                    break;
                case JsonValueKind.Array when item.GetArrayLength() > 0:
                    WriteItems(output, item, indent + 2, atLineStart: false);
                    break;
                default:
                    WriteScalar(output, item, indent + 2);
                    break;
            }
        }
    }

    /// <summary>Everything that fits behind a key or a dash; <paramref name="indent"/> is that of a block's lines.</summary>
    private static void WriteScalar(StringBuilder output, JsonElement value, int indent)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                output.Append("{}\n");
                break;
            case JsonValueKind.Array:
                output.Append("[]\n");
                break;
            case JsonValueKind.String:
                WriteText(output, value.GetString()!, indent);
                break;
            default:
                output.Append(value.GetRawText()).Append('\n');
                break;
        }
    }

    private static void WriteText(StringBuilder output, string text, int indent)
    {
        if (indent == 0 || !IsBlock(text)) // a block without indent would not be told from what follows
        {
            output.Append(IsPlain(text) ? text : Quoted(text)).Append('\n');
            return;
        }
        var breaks = text.Length - text.AsSpan().TrimEnd('\n').Length;
        output.Append(breaks switch { 0 => "|-", 1 => "|", _ => "|+" }).Append('\n');
        var lines = breaks == 0 ? text.AsSpan() : text.AsSpan(0, text.Length - 1);
        foreach (var range in lines.Split('\n'))
        {
            var line = lines[range];
            if (!line.IsEmpty)
                output.Append(' ', indent).Append(line);
            output.Append('\n');
        }
    }

    /// <summary>A literal block needs a first line that shows the indent, and cannot escape anything.</summary>
    private static bool IsBlock(string text) =>
        text.Contains('\n', StringComparison.Ordinal)
        && text[0] is not (' ' or '\t' or '\n')
        && !text.Contains("\n\t", StringComparison.Ordinal)
        && !text.Any(c => c != '\n' && c != '\t' && MustEscape(c));

    private static bool IsPlain(string text)
    {
        if (text.Length == 0 || text[0] == ' ' || text[^1] is ' ' or ':' || Indicators.Contains(text[0], StringComparison.Ordinal))
            return false;
        if (text[0] is '-' or '?' or ':' && (text.Length == 1 || text[1] == ' '))
            return false;
        if (text.StartsWith("---", StringComparison.Ordinal) || text.StartsWith("...", StringComparison.Ordinal) || text is "<<" or "=")
            return false;
        // " *": YamlDotNet 18.1 takes a word with a star for an alias and then misses the colon behind the key.
        if (text.Contains(" *", StringComparison.Ordinal) || text.Contains(": ", StringComparison.Ordinal) || text.Contains(" #", StringComparison.Ordinal) || text.Any(MustEscape))
            return false;
        return PlainScalar.ToJson(text) is null && !ElsewhereATime().IsMatch(text);
    }

    private static string Quoted(string text)
    {
        var output = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\')
                output.Append('\\').Append(c);
            else if (c == '\n')
                output.Append("\\n");
            else if (c == '\t')
                output.Append("\\t");
            else if (MustEscape(c))
                output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                output.Append(c);
        }
        return output.Append('"').ToString();
    }

    /// <summary>Not printable in YAML's sense, or a line break to some readers.</summary>
    private static bool MustEscape(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF';

    /// <summary>Text to us and to kubectl, but a date or a number of base 60 to other readers of YAML 1.1.</summary>
    [GeneratedRegex(@"^([0-9]{4}-[0-9]|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ElsewhereATime();
}
