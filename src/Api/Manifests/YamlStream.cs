using System.Diagnostics.CodeAnalysis;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sluice.Api.Manifests;

/// <summary>
/// The documents of a text one after the other, so that neither the text nor a tree outlives its document: a catalog of
/// 100,000 objects in one file takes what its objects take.
/// </summary>
internal sealed class YamlStream(TextReader text)
{
    private readonly Parser _parser = new(text);
    private readonly List<YamlError> _errors = [];
    private bool _started;
    private bool _ended;

    /// <summary>What was wrong so far.</summary>
    public IReadOnlyList<YamlError> Errors => _errors;

    /// <summary>Reads the next document that has content and no error; false at the end, or behind an error of syntax.</summary>
    /// <exception cref="IOException">The text cannot be read.</exception>
    public bool TryRead([NotNullWhen(true)] out YamlDocument? document)
    {
        document = null;
        while (!_ended && document is null)
            document = Next();
        return document is not null;
    }

    /// <summary>Null for a document without content, one with an error, and at the end.</summary>
    private YamlDocument? Next()
    {
        try
        {
            if (!_started)
                _parser.Consume<StreamStart>();
            _started = true;
            if (!_parser.TryConsume<DocumentStart>(out _))
            {
                _ended = true;
                return null;
            }
            var root = new YamlTree(_parser).ReadDocument();
            _parser.Consume<DocumentEnd>();
            var emitter = new YamlToJson();
            var read = emitter.TryConvert(root, out var document);
            _errors.AddRange(emitter.Errors);
            return read ? document : null;
        }
        catch (YamlException e)
        {
            // Errors of syntax, depth and aliases; the place is where the parser stood.
            _errors.Add(new YamlError(YamlTree.MarkOf(e.Start), "", Sentence(e.Message)));
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet 18.1's scanner, for a flow list that a block mapping interrupts ("b: [1,\nc: 2"); it gives no place.
            _errors.Add(new YamlError(YamlTree.MarkOf(_parser.Current?.End ?? Mark.Empty), "", "not readable as YAML behind this place: is a bracket or a quote not closed?"));
        }
        _ended = true;
        return null;
    }

    private static string Sentence(string message) =>
        message.Length == 0 ? "not readable as YAML" : char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');
}
