using System.Globalization;

namespace Sluice.Cli;

/// <summary>Numbers of things, in words.</summary>
internal static class Count
{
    public static string Of(int count, string noun) => Of(count, noun, noun + "s");

    public static string Of(int count, string noun, string plural) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? noun : plural)}");
}
