using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// Space for the client's own cache: the client is told cacheSize, the volume holds a fifth more, because kubelet evicts
/// the whole pod as soon as an emptyDir is above its limit.
/// </summary>
internal static class CacheVolume
{
    private const long Mebi = 1024 * 1024 * 1000L; // in thousandths of a byte, as Quantity holds values

    public static Quantity? SizeLimit(Quantity? cacheSize) =>
        cacheSize is { } size
            ? Quantity.FromMilli(decimal.Ceiling(size.Milli * 1.2m / Mebi) * Mebi, binary: true)
            : null;
}
