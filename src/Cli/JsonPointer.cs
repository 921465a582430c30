namespace Sluice.Cli;

/// <summary>A path into a JSON document, RFC 6901.</summary>
internal sealed record JsonPointer(IReadOnlyList<string> Segments)
{
    public static JsonPointer Root { get; } = new([]);

    /// <summary>Reads <c>/spec/containers/0</c>.</summary>
    /// <exception cref="PatchException">The text is no pointer.</exception>
    public static JsonPointer Parse(string text)
    {
        if (text.Length == 0)
            return Root;
        if (text[0] != '/')
            throw new PatchException($"\"{text}\" is no JSON pointer: it does not begin with a slash");
        return new JsonPointer([.. text[1..].Split('/').Select(Unescape)]);
    }

    public string Last => Segments[^1];

    public JsonPointer Parent => new([.. Segments.SkipLast(1)]);

    public override string ToString() => string.Concat(Segments.Select(s => "/" + s.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));

    // "~1" before "~0", or "~01" would become "/" (RFC 6901, section 4).
    private static string Unescape(string segment) =>
        segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
