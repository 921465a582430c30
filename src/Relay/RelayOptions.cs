namespace Sluice.Relay;

/// <summary>When a client has really handed written data on (RuntimeProfile, <c>spec.fuse.durability</c>), weakest last.</summary>
internal enum Durability
{
    /// <summary>When it has answered the write.</summary>
    Write,
    /// <summary>When it has answered FLUSH, which close(2) waits for.</summary>
    Flush,
    /// <summary>When it has answered FSYNC.</summary>
    Fsync,
    /// <summary>Some time after the close: it uploads whole files.</summary>
    Upload,
}

/// <summary>How one session is served.</summary>
/// <param name="Client">The client's argument vector, in which <c>${mountpoint}</c> stands for what it mounts.</param>
internal sealed record RelayOptions(IReadOnlyList<string> Client)
{
    public bool ReadOnly { get; init; } = true;

    public Durability Durability { get; init; }

    /// <summary>Bytes of the largest READ and WRITE: 128 KiB to 1 MiB.</summary>
    public int MaxTransfer { get; init; } = 128 << 10;

    /// <summary>How long requests wait while there is no client; then they fail with EIO.</summary>
    public TimeSpan ClientTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a client may answer nothing at all before it is replaced; zero: for ever.</summary>
    public TimeSpan HangTimeout { get; init; }

    /// <summary>How long a client may take for its INIT.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the client may take to write out what it holds, at the end.</summary>
    public TimeSpan FlushTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Paths where the client looks for fusermount: it is then given the directory <see cref="MountPoint"/> and our program in their place.</summary>
    public IReadOnlyList<string> Fusermount { get; init; } = [];

    /// <summary>An empty directory that such a client is told to mount on.</summary>
    public string MountPoint { get; init; } = "/mnt";

    /// <summary>Threads that read requests from the kernel.</summary>
    public int Readers { get; init; } = 2;
}
