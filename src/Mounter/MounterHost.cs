using System.Reflection;
using Sluice.Linux;
using Sluice.Mounter.Control;
using Sluice.Mounter.Sessions;

namespace Sluice.Mounter;

/// <summary>The daemon: one of them for a directory. Its end, by whatever cause, leaves every mount as it is.</summary>
internal sealed class MounterHost : IDisposable
{
    private const int MaxLostCalls = 16; // arbitrary: unmounts and looks at /proc that hang at once

    private readonly FileStream _lock;
    private readonly ControlSocket _control;
    private readonly SessionEnvironment _environment;

    private MounterHost(FileStream directoryLock, SessionEnvironment environment)
    {
        _lock = directoryLock;
        _environment = environment;
        Sessions = new(environment);
        _control = new(environment, Sessions);
    }

    public SessionTable Sessions { get; }

    public Counters Counters => _environment.Counters;

    /// <summary>Takes over what a mounter before it left, and serves from then on.</summary>
    /// <exception cref="IOException">Another mounter serves the directory, or it cannot be used.</exception>
    public static async Task<MounterHost> StartAsync(MounterOptions options, ILogger logger)
    {
        _ = OpenFileLimit.Raise(); // three or four a session
        var directories = new HostDirectories(options.Root);
        // flock(2): gone with the process, however that ends.
        var directoryLock = new FileStream(Path.Combine(options.Root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var loop = new SessionLoop(logger);
        var environment = new SessionEnvironment(loop, directories, new(MaxLostCalls), new(), new(), options, logger);
        MounterHost? host = null;
        await loop.InvokeAsync(() => host = new(directoryLock, environment));
        int sessions = await host!.Sessions.AdoptAsync();
        Log.Serving(logger, sessions, options.Root, Version);
        return host;
    }

    /// <summary>The version that was built.</summary>
    public static string Version { get; } =
        typeof(MounterHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public void Dispose()
    {
        _environment.Loop.InvokeAsync(_control.Dispose).Wait();
        Sessions.Dispose();
        _environment.Loop.Dispose();
        _environment.Connections.Dispose();
        _lock.Dispose();
        Log.Stopped(_environment.Logger);
    }
}
