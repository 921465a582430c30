using System.Globalization;

namespace Sluice.Api.Manifests;

/// <summary>One thing wrong in a file. Line and column count from 1; both are 0 where the source has no lines.</summary>
/// <param name="File">As the caller named it.</param>
/// <param name="Line">Of the key or list item that <paramref name="Path"/> names.</param>
/// <param name="Column">Like <paramref name="Line"/>.</param>
/// <param name="Path">The field, such as <c>spec.sharing[0].access</c>; empty when the file itself is wrong.</param>
/// <param name="Message">One sentence that follows the path.</param>
public sealed record ManifestError(string File, int Line, int Column, string Path, string Message)
{
    /// <summary><c>file:line:column: path: message</c>, which editors and terminals make clickable.</summary>
    public override string ToString()
    {
        var place = Line == 0 ? File : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
        return Path.Length == 0 ? $"{place}: {Message}" : $"{place}: {Path}: {Message}";
    }
}
