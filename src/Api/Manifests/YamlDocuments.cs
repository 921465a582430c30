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
        using var reader = new StringReader(text);
        var stream = new YamlStream(reader);
        var documents = new List<YamlDocument>();
        while (stream.TryRead(out var document))
            documents.Add(document);
        return new YamlFile(documents, stream.Errors);
    }
}
