namespace Sluice.Recovery.Tests.Applications;

/// <summary>What the source holds, and where: the same names below a source and below its mount.</summary>
internal static class Data
{
    public const int BigLength = 64 << 20;
    public const int SmallFiles = 300;

    public static string Big(string root) => Path.Combine(root, "big");

    public static string Small(string root) => Path.Combine(root, "small");

    /// <summary>A directory that applications write in.</summary>
    public static string Written(string root) => Path.Combine(root, "written");

    /// <summary>Makes a source.</summary>
    public static void Make(string root, int bigLength = BigLength)
    {
        byte[] content = new byte[bigLength];
        new Random(42).NextBytes(content);
        Directory.CreateDirectory(Small(root));
        Directory.CreateDirectory(Written(root));
        File.WriteAllBytes(Big(root), content);
        for (int i = 0; i < SmallFiles; i++)
            File.WriteAllText(Path.Combine(Small(root), $"file-{i:000}"), $"content of file {i}\n");
    }
}
