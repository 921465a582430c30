using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Api.Manifests;

/// <summary>Turns the tree of one document into JSON, expanding aliases and merge keys, and finds what JSON cannot say.</summary>
internal sealed class YamlToJson
{
    // Both bound what aliases add to a document; arbitrary, far above what people write by hand.
    private const int MaxAliasedNodes = 100_000;
    private const int MaxAliasedCharacters = 4 << 20;

    private const string TagPrefix = "tag:yaml.org,2002:";
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 2 * YamlDocuments.MaxDepth };

    private readonly List<YamlError> _errors = [];
    private readonly List<YamlMark> _marks = [];
    private readonly ArrayBufferWriter<byte> _output = new();
    private int _aliasedNodes;
    private int _aliasedCharacters;

    public IReadOnlyList<YamlError> Errors => _errors;

    /// <summary>False when the document is empty or has errors.</summary>
    public bool TryConvert(YamlNode root, out YamlDocument document)
    {
        document = null!;
        if (root is YamlScalar { Plain: true, Text: "" })
            return false;
        try
        {
            using var json = new Utf8JsonWriter(_output, WriterOptions);
            Write(json, root, root.Mark, "", 1, aliased: false);
        }
        catch (ExpansionException e)
        {
            _errors.Add(e.Error);
        }
        if (_errors.Count > 0)
            return false;
        document = new YamlDocument(_output.WrittenSpan.ToArray(), [.. _marks]);
        return true;
    }

    /// <summary>Writes one value and notes its place.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="node">What.</param>
    /// <param name="mark">Where a message about this value points: its key, if it has one.</param>
    /// <param name="path">Of the value, for messages.</param>
    /// <param name="depth">1 for the document's own value.</param>
    /// <param name="aliased">The node is reached through an alias, so it counts towards the limits.</param>
    private void Write(Utf8JsonWriter json, YamlNode node, YamlMark mark, string path, int depth, bool aliased)
    {
        if (node is YamlAlias alias)
        {
            node = alias.Target;
            aliased = true;
        }
        if (depth > YamlDocuments.MaxDepth)
            throw new ExpansionException(new YamlError(mark, path, $"more than {YamlDocuments.MaxDepth} levels of lists and mappings once aliases are expanded"));
        if (aliased && ++_aliasedNodes > MaxAliasedNodes)
            throw new ExpansionException(new YamlError(mark, path, $"aliases expand to more than {MaxAliasedNodes} values: write them out"));
        _marks.Add(mark);
        switch (node)
        {
            case YamlScalar scalar:
                WriteScalar(json, scalar, mark, path, aliased);
                break;
            case YamlSequence sequence:
                json.WriteStartArray();
                for (var i = 0; i < sequence.Items.Count; i++)
                    Write(json, sequence.Items[i], sequence.Items[i].Mark, FieldPath.Index(path, i), depth + 1, aliased);
                json.WriteEndArray();
                break;
            case YamlMapping mapping:
                json.WriteStartObject();
                var own = OwnKeys(mapping, path);
                WriteMembers(json, mapping, own, [], path, depth, aliased);
                json.WriteEndObject();
                break;
        }
    }

    private void WriteScalar(Utf8JsonWriter json, YamlScalar scalar, YamlMark mark, string path, bool aliased)
    {
        if (aliased && (_aliasedCharacters += scalar.Text.Length) > MaxAliasedCharacters)
            throw new ExpansionException(new YamlError(mark, path, $"aliases expand to more than {MaxAliasedCharacters} characters: write them out"));
        if (Resolve(scalar, mark, path) is { } text)
            json.WriteRawValue(text, skipInputValidation: true);
        else if (IsUnicode(scalar.Text))
            json.WriteStringValue(scalar.Text);
        else
            WriteUnreadable(json, mark, path, "half of a surrogate pair is no character");
    }

    private void WriteUnreadable(Utf8JsonWriter json, YamlMark mark, string path, string message)
    {
        Fail(mark, path, message);
        json.WriteNullValue();
    }

    /// <summary>The JSON of a scalar that is no string; null for strings.</summary>
    private string? Resolve(YamlScalar scalar, YamlMark mark, string path)
    {
        var tag = scalar.Tag.StartsWith(TagPrefix, StringComparison.Ordinal) ? scalar.Tag[TagPrefix.Length..] : scalar.Tag;
        switch (tag)
        {
            case "" when !scalar.Plain:
            case "str" or "!":
                return null;
            case "" or "?" or "bool" or "int" or "float" or "null":
                break;
            default:
                Fail(mark, path, $"the tag {scalar.Tag} is not supported: write plain YAML");
                return "null";
        }
        var json = PlainScalar.ToJson(scalar.Text);
        if (json == PlainScalar.NotFinite)
        {
            Fail(mark, path, $"{scalar.Text} is no number in JSON: quote it if text is meant");
            return "null";
        }
        if (tag is "bool" && json is not ("true" or "false")
            || tag is "null" && json is not "null"
            || tag is "int" && (json is null || json.AsSpan().IndexOfAnyExceptInRange('-', '9') >= 0 || json.Contains('.', StringComparison.Ordinal))
            || tag is "float" && (json is null || !char.IsAsciiDigit(json[^1])))
        {
            Fail(mark, path, $"\"{scalar.Text}\" is no {tag}");
            return "null";
        }
        return json;
    }

    /// <summary>The keys that the mapping itself has, which win over merged ones; reports duplicates and keys that are no text.</summary>
    private HashSet<string> OwnKeys(YamlMapping mapping, string path)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, _) in mapping.Members)
        {
            if (IsMerge(key))
                continue;
            if (KeyText(key) is not { } name)
                Fail(key.Mark, path, "a key must be text");
            else if (!keys.Add(name))
                Fail(key.Mark, FieldPath.Member(path, name), $"duplicate key \"{name}\": remove one of them");
        }
        return keys;
    }

    /// <summary>Writes members and, in the place of <c>&lt;&lt;</c>, those of the mappings merged there that are not set otherwise.</summary>
    private void WriteMembers(Utf8JsonWriter json, YamlMapping mapping, HashSet<string> own, HashSet<string> written, string path, int depth, bool aliased)
    {
        foreach (var (key, value) in mapping.Members)
        {
            if (IsMerge(key))
            {
                Merge(json, value, own, written, path, depth);
                continue;
            }
            // `written` also keeps what was reported as a duplicate from being written twice.
            if (KeyText(key) is not { } name || !written.Add(name))
                continue;
            json.WritePropertyName(name);
            Write(json, value, key.Mark, FieldPath.Member(path, name), depth + 1, aliased);
        }
    }

    private void Merge(Utf8JsonWriter json, YamlNode source, HashSet<string> own, HashSet<string> written, string path, int depth)
    {
        var target = source is YamlAlias alias ? alias.Target : source;
        if (depth > YamlDocuments.MaxDepth || ++_aliasedNodes > MaxAliasedNodes)
            throw new ExpansionException(new YamlError(source.Mark, path, "merge keys expand to too much: write the members out"));
        switch (target)
        {
            case YamlMapping merged:
                // What stands in the receiving mapping wins, wherever it stands; among merged ones the first does.
                foreach (var (key, value) in merged.Members)
                {
                    if (IsMerge(key))
                        Merge(json, value, own, written, path, depth + 1);
                    else if (KeyText(key) is { } name && !own.Contains(name) && written.Add(name))
                        WriteMerged(json, name, value, key.Mark, path, depth);
                }
                break;
            case YamlSequence list when list.Items.TrueForAll(i => (i is YamlAlias a ? a.Target : i) is YamlMapping):
                foreach (var item in list.Items)
                    Merge(json, item, own, written, path, depth + 1);
                break;
            default:
                Fail(source.Mark, path, "<< merges a mapping or a list of mappings");
                break;
        }
    }

    private void WriteMerged(Utf8JsonWriter json, string name, YamlNode value, YamlMark mark, string path, int depth)
    {
        json.WritePropertyName(name);
        Write(json, value, mark, FieldPath.Member(path, name), depth + 1, aliased: true);
    }

    private static bool IsMerge(YamlNode key) => key is YamlScalar { Plain: true, Text: "<<" };

    /// <summary>Keys that are no strings become what JSON would show: <c>on:</c> is the key "true", as kubectl has it.</summary>
    private static string? KeyText(YamlNode key)
    {
        var node = key is YamlAlias alias ? alias.Target : key;
        if (node is not YamlScalar scalar || !IsUnicode(scalar.Text))
            return null;
        var json = scalar.Plain && scalar.Tag.Length == 0 ? PlainScalar.ToJson(scalar.Text) : null;
        return json switch
        {
            null => scalar.Text,
            "null" or PlainScalar.NotFinite => null,
            _ => json,
        };
    }

    private static bool IsUnicode(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar && !text.Contains('\uFFFD', StringComparison.Ordinal))
                return false;
        }
        return true;
    }

    private void Fail(YamlMark mark, string path, string message) => _errors.Add(new YamlError(mark, path, message));

    private sealed class ExpansionException(YamlError error) : Exception(error.Message)
    {
        public YamlError Error { get; } = error;
    }
}
