using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sluice.Cluster.Tests.Golden;

/// <summary>
/// The golden files speak of namespaces by short names, of which a test has its own: this puts the one in place of the other wherever a
/// namespace is meant. Everywhere else, such as in a label of a team or the path of a source, the word stays.
/// </summary>
internal sealed class NamespaceNames
{
    private const string NameLabel = "kubernetes.io/metadata.name";

    private readonly IReadOnlyDictionary<string, string> _names;
    private readonly Regex _meant;

    /// <summary>By short names, the full ones.</summary>
    public NamespaceNames(IReadOnlyDictionary<string, string> names)
    {
        _names = names;
        var any = string.Join('|', names.Keys.OrderByDescending(n => n.Length).Select(Regex.Escape));
        // NAME/DATASET at the beginning of a reference, and the member of the status annotation.
        _meant = new Regex($"(?<=^|[ ,])(?:{any})(?=/[a-z0-9])|(?<=\"namespace\":\")(?:{any})(?=\")", RegexOptions.None, TimeSpan.FromSeconds(1));
    }

    /// <summary>Changes <paramref name="item"/> itself.</summary>
    public void Replace(JsonObject item)
    {
        var metadata = item["metadata"]!.AsObject();
        Put(metadata, "namespace");
        if (item["kind"]?.GetValue<string>() == "Namespace")
            Put(metadata, "name");
        if (metadata["labels"] is JsonObject labels)
            Put(labels, NameLabel);
        ReplaceBelow(item);
    }

    private void Put(JsonObject item, string name)
    {
        if (item[name]?.GetValue<string>() is { } text && _names.TryGetValue(text, out var full))
            item[name] = full;
    }

    private void ReplaceBelow(JsonNode item)
    {
        if (item is JsonArray list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (Replaced(list[i]) is { } text)
                    list[i] = text;
                else if (list[i] is { } below)
                    ReplaceBelow(below);
            }
        }
        else if (item is JsonObject map)
        {
            foreach (var (name, value) in map.ToList())
            {
                if (Replaced(value) is { } text)
                    map[name] = text;
                else if (value is not null)
                    ReplaceBelow(value);
            }
        }
    }

    /// <summary>Null where nothing is to be replaced.</summary>
    private string? Replaced(JsonNode? value)
    {
        if (value is not JsonValue || value.GetValueKind() != System.Text.Json.JsonValueKind.String)
            return null;
        var text = value.GetValue<string>();
        var replaced = _meant.Replace(text, match => _names[match.Value]);
        return replaced == text ? null : replaced;
    }
}
