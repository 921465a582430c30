using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sluice.Api.Manifests;

/// <summary>
/// Reads YAML (so JSON too) with any number of documents. Comments, anchors, aliases and merge keys are understood; the
/// depth and what aliases may blow up to are bounded, so that a hostile file is an error and not the end of the process.
/// </summary>
public static class YamlDocuments
{
    /// <summary>Levels of lists and mappings in each other; arbitrary, the same as System.Text.Json's own limit.</summary>
    internal const int MaxDepth = 64;

    /// <summary>
    /// Reads all documents of <paramref name="text"/>; empty ones are skipped. A syntax error ends the reading, since what
    /// follows cannot be told apart; what stood before it is returned all the same.
    /// </summary>
    public static YamlFile Read(string text)
    {
        var documents = new List<YamlDocument>();
        var errors = new List<YamlError>();
        using var reader = new StringReader(text);
        var parser = new Parser(reader);
        try
        {
            parser.Consume<StreamStart>();
            while (parser.TryConsume<DocumentStart>(out _))
            {
                var root = new YamlTree(parser).ReadDocument();
                parser.Consume<DocumentEnd>();
                var emitter = new YamlToJson();
                if (emitter.TryConvert(root, out var document))
                    documents.Add(document);
                errors.AddRange(emitter.Errors);
            }
        }
        catch (YamlException e)
        {
            // Errors of syntax, depth and aliases; the place is where the parser stood.
            errors.Add(new YamlError(YamlTree.MarkOf(e.Start), "", Sentence(e.Message)));
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet 18.1's scanner, for a flow list that a block mapping interrupts ("b: [1,\nc: 2"); it gives no place.
            errors.Add(new YamlError(YamlTree.MarkOf(parser.Current?.End ?? Mark.Empty), "", "not readable as YAML behind this place: is a bracket or a quote not closed?"));
        }
        return new YamlFile(documents, errors);
    }

    private static string Sentence(string message) =>
        message.Length == 0 ? "not readable as YAML" : char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');
}
