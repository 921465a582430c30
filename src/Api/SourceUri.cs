using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Api;

/// <summary>
/// Where a Dataset's data is: <c>scheme://[user@]host[:port]/path</c>. Its parts become argv items of other people's
/// programs, so the grammar is narrower than RFC 3986: nothing can start with a dash, leave the directory, or hold what
/// option lists and configuration files separate by. Nothing is decoded or normalised.
/// </summary>
public sealed class SourceUri
{
    private const int MaxLength = 2048; // arbitrary; argv items and annotations stay readable
    private static readonly SearchValues<char> Ipv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    private SourceUri(string text, string scheme, string? user, string hostName, int? port, string path)
    {
        Text = text;
        Scheme = scheme;
        User = user;
        HostName = hostName;
        Port = port;
        Path = path;
        Host = port is null ? hostName : string.Create(CultureInfo.InvariantCulture, $"{hostName}:{port}");
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Lower case.</summary>
    public string Scheme { get; }
    public string? User { get; }

    /// <summary>With the port, if there is one.</summary>
    public string Host { get; }

    /// <summary>DNS name, IPv4 address, IPv6 address in brackets, bucket, volume, or the name of a host directory.</summary>
    public string HostName { get; }

    /// <summary>1 to 65535.</summary>
    public int? Port { get; }

    /// <summary>Without the slash behind the host; a slash at the end is kept. Empty for the root.</summary>
    public string Path { get; }

    /// <summary>Parses <paramref name="text"/>; on failure <paramref name="error"/> follows the field's path and names the remedy.</summary>
    public static bool TryParse(string text, out SourceUri uri, out string error)
    {
        uri = null!;
        error = Problem(text, out var scheme, out var user, out var hostName, out var port, out var path) ?? "";
        if (error.Length > 0)
            return false;
        uri = new SourceUri(text, scheme, user, hostName, port, path);
        return true;
    }

    private static string? Problem(string text, out string scheme, out string? user, out string hostName, out int? port, out string path)
    {
        scheme = hostName = path = "";
        user = null;
        port = null;
        if (text.Length == 0)
            return "is required: write scheme://host/path, for example s3://bucket/prefix";
        if (text.Length > MaxLength)
            return $"must be at most {MaxLength} characters long";
        foreach (var c in text)
        {
            if (Forbidden(c) is { } why)
                return why;
        }
        var separator = text.IndexOf("://", StringComparison.Ordinal);
        if (separator < 0)
            return "must read scheme://host/path, for example s3://bucket/prefix";
        scheme = text[..separator];
        if (!IsScheme(scheme))
            return $"\"{scheme}\" is no scheme: use lower-case letters, digits, +, - and ., beginning with a letter";
        var authority = text.AsSpan(separator + 3);
        var slash = authority.IndexOf('/');
        if (slash >= 0)
        {
            path = authority[(slash + 1)..].ToString();
            authority = authority[..slash];
        }
        return AuthorityProblem(scheme, authority, out user, out hostName, out port) ?? PathProblem(path);
    }

    private static string? AuthorityProblem(string scheme, ReadOnlySpan<char> authority, out string? user, out string hostName, out int? port)
    {
        user = null;
        hostName = "";
        port = null;
        var at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            user = authority[..at].ToString();
            authority = authority[(at + 1)..];
            if (user.Contains(':', StringComparison.Ordinal))
                return "must not hold a password: put it into a Secret and name that in spec.source.secretRef";
            if (!IsName(user))
                return $"\"{user}\" is no user name: use letters, digits, '.', '_' and '-', beginning with a letter or digit";
        }
        if (authority.IsEmpty)
            return scheme == "file"
                ? "must name a directory that the administrator listed, as file://NAME/path, not a path of the host"
                : $"must name a host or bucket: {scheme}://host/path";
        // The colon of a port stands behind the bracket of an IPv6 address.
        var bracket = authority.LastIndexOf(']');
        var colon = authority[(bracket + 1)..].IndexOf(':');
        if (colon >= 0)
        {
            colon += bracket + 1;
            if (!TryPort(authority[(colon + 1)..], out var number))
                return $"\"{authority[(colon + 1)..]}\" is no port: use a number from 1 to 65535";
            port = number;
            authority = authority[..colon];
        }
        hostName = authority.ToString();
        var valid = hostName.StartsWith('[') ? IsIpv6(hostName) : IsName(hostName) && hostName.Length <= 253;
        return valid ? null : $"\"{hostName}\" is no host or bucket: use letters, digits, '.', '_' and '-', beginning with a letter or digit";
    }

    private static string? PathProblem(string path)
    {
        var segments = path.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i] is "." or "..")
                return $"must not hold the path segment \"{segments[i]}\": write the path without it";
            if (segments[i].Length == 0 && i < segments.Length - 1)
                return "must not hold an empty path segment (\"//\"): write one slash";
        }
        return null;
    }

    private static string? Forbidden(char c)
    {
        if (char.IsControl(c) || c is '\u2028' or '\u2029')
            return $"must not hold control characters (found U+{(int)c:X4})";
        return c is '"' or '\'' or '`' or '\\' or ',' or ';' or '$' or '{' or '}' or '?' or '#'
            ? $"must not hold the character {c}: choose a directory above it"
            : null;
    }

    private static bool IsScheme(string text) =>
        text.Length is > 0 and <= 32 && char.IsAsciiLetterLower(text[0]) && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '+' or '-' or '.');

    /// <summary>A DNS name, an IPv4 address, a bucket or a user: its first character keeps it from being taken for a flag.</summary>
    private static bool IsName(string text) =>
        text.Length > 0
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        && !text.Contains("..", StringComparison.Ordinal);

    private static bool IsIpv6(string text) =>
        text.Length is > 4 and <= 41
        && text.EndsWith(']')
        && text.AsSpan(1, text.Length - 2).IndexOfAnyExcept(Ipv6Characters) < 0
        && IPAddress.TryParse(text.AsSpan(1, text.Length - 2), out var address)
        && address.AddressFamily == AddressFamily.InterNetworkV6;

    private static bool TryPort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535 && text[0] != '0';

    public override string ToString() => Text;
}
