namespace Sluice.Testing;

/// <summary>The source tree that the tests were built from.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Find()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Webhook.sln")))
                return directory;
        }
        throw new DirectoryNotFoundException($"no Webhook.sln above {AppContext.BaseDirectory}: the tests run inside the source tree");
    }
}
