using System.Globalization;

namespace Sluice.Cli;

/// <summary>Numbers of things, in words.</summary>
internal static class Count
{
    public static string Of(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
