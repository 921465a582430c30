using Sluice.Relay.Forwarding;

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
    /// <summary>NAMESPACE/NAME, for people; empty outside of a pod.</summary>
    public string Dataset { get; init; } = "";

    public bool ReadOnly { get; init; } = true;

    public Durability Durability { get; init; }

    /// <summary>Bytes of the largest READ and WRITE: 128 KiB to 1 MiB.</summary>
    public int MaxTransfer { get; init; } = 128 << 10;

    public const int DefaultJournal = 64 << 20;

    /// <summary>Bytes for acknowledged writes that the client has not handed on (durability Flush and Fsync); 0: they are lost with it, and said to be.</summary>
    public int Journal { get; init; } = DefaultJournal;

    /// <summary>How long requests wait while there is no client; then they fail with EIO.</summary>
    public TimeSpan ClientTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a client may answer nothing at all before it is replaced; zero: for ever.</summary>
    public TimeSpan HangTimeout { get; init; }

    /// <summary>How long a client may take for its INIT.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the client may take to write out what it holds, at the end.</summary>
    public TimeSpan FlushTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The client calls fusermount3 with <see cref="MountPoint"/>, and our program stands in for it.</summary>
    public bool Fusermount { get; init; }

    /// <summary>Addresses that must take connections before the client starts.</summary>
    public IReadOnlyList<string> WaitFor { get; init; } = [];

    /// <summary>Variables of the client, with the key of the credential that each holds.</summary>
    public IReadOnlyDictionary<string, string> SecretVariables { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Files for the client, with the key of the credential that each holds.</summary>
    public IReadOnlyDictionary<string, string> SecretFiles { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>NAME=VALUE that the client gets beside our own environment.</summary>
    public IReadOnlyList<string> ClientEnvironment { get; init; } = [];

    /// <summary>An empty directory that such a client is told to mount on.</summary>
    public string MountPoint { get; init; } = "/mnt";

    /// <summary>Whether the relay may look for messages instead of sleeping.</summary>
    public SpinMode Spin { get; init; }

    /// <summary>Threads that read requests from the kernel.</summary>
    public int Readers { get; init; } = 2;
}
