using System.Globalization;

namespace Sluice.Injection;

/// <summary>JSON pointers into a pod. Those of the first containers are made once: nearly every pod has no more.</summary>
internal static class Paths
{
    private const int Kept = 16; // arbitrary

    private static readonly string[] KeptContainers = [.. Enumerable.Range(0, Kept).Select(i => Make("containers", i))];
    private static readonly string[] KeptInitContainers = [.. Enumerable.Range(0, Kept).Select(i => Make("initContainers", i))];

    public static string Container(int index) => index < Kept ? KeptContainers[index] : Make("containers", index);
    public static string InitContainer(int index) => index < Kept ? KeptInitContainers[index] : Make("initContainers", index);
    public static string Volume(int index) => Make("volumes", index);

    private static string Make(string list, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"/spec/{list}/{index}");
}
