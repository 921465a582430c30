using System.Text;

namespace Sluice.Cli.Check;

/// <summary>Byte fields of API objects.</summary>
internal static class Base64
{
    /// <summary>The ASCII text that <paramref name="base64"/> holds; empty for none, or for what is no base64.</summary>
    public static string Text(string? base64)
    {
        var bytes = new byte[(base64?.Length ?? 0) / 4 * 3];
        return Convert.TryFromBase64String(base64 ?? "", bytes, out var length) ? Encoding.ASCII.GetString(bytes, 0, length) : "";
    }
}
