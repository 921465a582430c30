using System.Net;
using System.Net.Sockets;

namespace Sluice.Injection.Tests.Profiles;

/// <summary>A temporary directory with what a sidecar finds below its fixed paths; gone with the test.</summary>
internal sealed class Scratch : IDisposable
{
    public Scratch()
    {
        Root = Directory.CreateTempSubdirectory("sluice-client-").FullName;
        foreach (var name in (string[])["mnt", "data", "cache", "state", "auth", "session"])
            Directory.CreateDirectory(Path.Combine(Root, name));
        File.WriteAllText(Path.Combine(Data, "hello"), "hello from the source\n");
    }

    public string Root { get; }
    public string Mountpoint => Path.Combine(Root, "mnt");

    /// <summary>What the source holds.</summary>
    public string Data => Path.Combine(Root, "data");
    public string Auth => Path.Combine(Root, "auth");

    /// <summary>The sidecar's paths, put below this directory.</summary>
    public string Localised(string text) => text
        .Replace("${mountpoint}", Mountpoint, StringComparison.Ordinal)
        .Replace(Api.Names.SourcePath, Data, StringComparison.Ordinal)
        .Replace(Api.Names.CachePath, Path.Combine(Root, "cache"), StringComparison.Ordinal)
        .Replace(Api.Names.StatePath, Path.Combine(Root, "state"), StringComparison.Ordinal)
        .Replace(Api.Names.AuthPath, Auth, StringComparison.Ordinal);

    /// <summary>A port of the loopback that nobody listened on a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
