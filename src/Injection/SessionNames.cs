using System.Security.Cryptography;
using System.Text;

namespace Sluice.Injection;

/// <summary>
/// The reserved, deterministic names of one dataset in a pod. The base is the Dataset's name, with five hex digits of its
/// namespace's SHA-256 behind it when it lives in another namespace than the pod; all names fit 63 characters.
/// </summary>
internal sealed class SessionNames
{
    private SessionNames(string suffix)
    {
        Suffix = suffix;
        Base = Api.Names.ReservedPrefix + suffix;
        SessionVolume = Base + "--session";
        StateVolume = Base + "--state";
        AuthVolume = Base + "--auth";
        CacheVolume = Base + "--cache";
    }

    /// <summary>The empty read-only volume over the API token in sidecars; one for the pod.</summary>
    public const string EmptyVolume = Api.Names.ReservedPrefix + "-empty";

    /// <summary>Shared delivery: the init container that brings the relay, and the volume it puts it in.</summary>
    public const string InstallContainer = Api.Names.ReservedPrefix + "-install";
    public const string BinaryVolume = Api.Names.ReservedPrefix + "-bin";

    /// <summary>Name without the prefix; also the directory below the pod's part of the shared host directory.</summary>
    public string Suffix { get; }

    /// <summary>Sidecar and data volume.</summary>
    public string Base { get; }
    public string SessionVolume { get; }
    public string StateVolume { get; }
    public string AuthVolume { get; }
    public string CacheVolume { get; }

    public static SessionNames Local(ObjectName dataset) => new(dataset.Name);

    public static SessionNames Foreign(ObjectName dataset)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(dataset.Namespace), hash);
        return new SessionNames($"{dataset.Name}--{Convert.ToHexStringLower(hash[..3])[..5]}");
    }
}
