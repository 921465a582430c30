using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sluice.Api.Manifests;

internal abstract record YamlNode(YamlMark Mark);

internal sealed record YamlScalar(YamlMark Mark, string Text, bool Plain, string Tag) : YamlNode(Mark);

internal sealed record YamlSequence(YamlMark Mark, List<YamlNode> Items) : YamlNode(Mark);

internal sealed record YamlMapping(YamlMark Mark, List<(YamlNode Key, YamlNode Value)> Members) : YamlNode(Mark);

/// <summary>A use of an anchored node; kept apart so that expansion can be counted.</summary>
internal sealed record YamlAlias(YamlMark Mark, YamlNode Target) : YamlNode(Mark);

/// <summary>Builds the tree of one document from the parser's events.</summary>
internal sealed class YamlTree(IParser parser)
{
    private readonly Dictionary<AnchorName, YamlNode> _anchors = [];

    public YamlNode ReadDocument() => Read(1);

    private YamlNode Read(int depth)
    {
        var e = parser.Current ?? throw new YamlException("the text ends too early");
        if (depth > YamlDocuments.MaxDepth)
            throw new YamlException(e.Start, e.End, $"more than {YamlDocuments.MaxDepth} levels of lists and mappings");
        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            // An anchor is known once its node is complete, so a node cannot hold itself.
            return _anchors.TryGetValue(alias.Value, out var target)
                ? new YamlAlias(MarkOf(alias.Start), target)
                : throw new YamlException(alias.Start, alias.End, $"*{alias.Value} names no anchor that is complete before it");
        }
        var (node, anchor) = parser.Current switch
        {
            Scalar => ReadScalar(),
            SequenceStart => ReadSequence(depth),
            MappingStart => ReadMapping(depth),
            _ => throw new YamlException(e.Start, e.End, "a value is missing"),
        };
        if (!anchor.IsEmpty)
            _anchors[anchor] = node;
        return node;
    }

    private (YamlNode, AnchorName) ReadScalar()
    {
        var scalar = parser.Consume<Scalar>();
        var tag = scalar.Tag.IsEmpty ? "" : scalar.Tag.Value;
        return (new YamlScalar(MarkOf(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain, tag), scalar.Anchor);
    }

    private (YamlNode, AnchorName) ReadSequence(int depth)
    {
        var start = parser.Consume<SequenceStart>();
        var items = new List<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(Read(depth + 1));
        return (new YamlSequence(MarkOf(start.Start), items), start.Anchor);
    }

    private (YamlNode, AnchorName) ReadMapping(int depth)
    {
        var start = parser.Consume<MappingStart>();
        var members = new List<(YamlNode, YamlNode)>();
        while (!parser.TryConsume<MappingEnd>(out _))
            members.Add((Read(depth + 1), Read(depth + 1)));
        return (new YamlMapping(MarkOf(start.Start), members), start.Anchor);
    }

    public static YamlMark MarkOf(Mark mark) => new((int)mark.Line, (int)mark.Column);
}
