using System.Globalization;

namespace Sluice.Kube;

/// <summary>meta/v1 MicroTime, the form of times in Leases and Events.</summary>
internal static class MicroTime
{
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
