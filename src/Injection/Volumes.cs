using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>The volumes that the injection adds to a pod.</summary>
internal static class Volumes
{
    private const string StateSize = "128Mi"; // tables for some 100,000 nodes and 64 MiB of unsynced writes
    private const int TokenSeconds = 3600; // Kubernetes' own default; kubelet renews at 80 % of it
    private const int SecretFileMode = 0b100_100_100; // 0444: the volume is mounted in the sidecar alone, whose uid is not root's

    private enum Kind
    {
        Data,
        Session,
        State,
        Auth,
        Cache,
        Empty,
        Binary,
    }

    /// <summary>One volume that must be in the pod.</summary>
    public readonly struct Wanted
    {
        private readonly Kind _kind;
        private readonly Session? _session;

        private Wanted(string name, Kind kind, Session? session)
        {
            Name = name;
            _kind = kind;
            _session = session;
        }

        public string Name { get; }

        /// <summary>The session whose volume it is; null for those that serve the whole pod.</summary>
        public Session? Owner => _session;

        /// <summary>What it is for, for the trace.</summary>
        public string Purpose => _kind switch
        {
            Kind.Data => "the data, as the app containers see it",
            Kind.Session => "the node's socket and the relay's binary, in the sidecar alone",
            Kind.State => "what the relay needs to survive its own death",
            Kind.Auth => "credentials, in the sidecar alone",
            Kind.Cache => "the client's cache",
            Kind.Empty => "empty: covers the API token in sidecars",
            _ => "the relay's binary",
        };

        public static List<Wanted> Of(Judgement j)
        {
            var wanted = new List<Wanted>((5 * j.Sessions.Count) + 2);
            foreach (var session in j.Sessions)
            {
                if (session.UserVolume is null)
                    wanted.Add(new Wanted(session.Names.Base, Kind.Data, session));
                if (j.Delivery == Delivery.Csi)
                    wanted.Add(new Wanted(session.Names.SessionVolume, Kind.Session, session));
                wanted.Add(new Wanted(session.Names.StateVolume, Kind.State, session));
                if (Sidecar.HasAuthVolume(session))
                    wanted.Add(new Wanted(session.Names.AuthVolume, Kind.Auth, session));
                if (session.Profile.CacheVolumeSize is not null)
                    wanted.Add(new Wanted(session.Names.CacheVolume, Kind.Cache, session));
            }
            wanted.Add(new Wanted(SessionNames.EmptyVolume, Kind.Empty, null));
            if (j.Delivery == Delivery.Shared)
                wanted.Add(new Wanted(SessionNames.BinaryVolume, Kind.Binary, null));
            return wanted;
        }

        public void Write(Utf8JsonWriter writer, Delivery delivery)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, Name);
            switch (_kind)
            {
                case Kind.Data when delivery == Delivery.Shared:
                    WriteSharedDirectory(writer);
                    break;
                case Kind.Data:
                    WriteCsi(writer, _session!, Names.VolumeAttributes.RoleData, readOnly: _session!.Access == Access.ReadOnly);
                    break;
                case Kind.Session:
                    WriteCsi(writer, _session!, Names.VolumeAttributes.RoleSession, readOnly: true);
                    break;
                case Kind.State:
                    WriteEmptyDirectory(writer, inMemory: true, StateSize);
                    break;
                case Kind.Auth:
                    WriteAuth(writer, _session!);
                    break;
                case Kind.Cache:
                    WriteEmptyDirectory(writer, _session!.Profile.Resource.Spec.Fuse.CacheMedium == StorageMedium.Memory, _session.Profile.CacheVolumeSize!.Value.ToString());
                    break;
                case Kind.Empty:
                    WriteEmptyDirectory(writer, inMemory: false, "1Mi");
                    break;
                case Kind.Binary:
                    WriteEmptyDirectory(writer, inMemory: false, "64Mi");
                    break;
            }
            writer.WriteEndObject();
        }
    }

    /// <summary>The attributes of a volume of our driver; on users' own volumes they are written one by one.</summary>
    public static readonly string[] AttributeKeys =
    [
        Names.VolumeAttributes.Role, Names.VolumeAttributes.Dataset, Names.VolumeAttributes.Access, Names.VolumeAttributes.Profile, Names.VolumeAttributes.Admitted,
    ];

    public static string Attribute(Session session, string role, string key) => key switch
    {
        Names.VolumeAttributes.Role => role,
        Names.VolumeAttributes.Dataset => session.Dataset.FullName,
        Names.VolumeAttributes.Access => session.Access == Access.ReadWrite ? "rw" : "ro",
        Names.VolumeAttributes.Profile => session.Profile.Name,
        _ => Names.VolumeAttributes.AdmittedV1,
    };

    private static void WriteCsi(Utf8JsonWriter writer, Session session, string role, bool readOnly)
    {
        writer.WriteStartObject("csi"u8);
        writer.WriteString("driver"u8, Names.CsiDriver);
        if (readOnly)
            writer.WriteBoolean("readOnly"u8, true);
        writer.WriteStartObject("volumeAttributes"u8);
        foreach (var key in AttributeKeys)
            writer.WriteString(key, Attribute(session, role, key));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteSharedDirectory(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("hostPath"u8);
        writer.WriteString("path"u8, Names.SharedHostPath);
        writer.WriteString("type"u8, "DirectoryOrCreate"u8);
        writer.WriteEndObject();
    }

    private static void WriteEmptyDirectory(Utf8JsonWriter writer, bool inMemory, string size)
    {
        writer.WriteStartObject("emptyDir"u8);
        if (inMemory)
            writer.WriteString("medium"u8, "Memory"u8);
        writer.WriteString("sizeLimit"u8, size);
        writer.WriteEndObject();
    }

    private static void WriteAuth(Utf8JsonWriter writer, Session session)
    {
        writer.WriteStartObject("projected"u8);
        writer.WriteNumber("defaultMode"u8, SecretFileMode);
        writer.WriteStartArray("sources"u8);
        var files = session.Profile.Resource.Spec.Credentials.Files;
        if (session.Credentials == CredentialSource.Secret && files.Count > 0)
        {
            // A source with an optional key is optional as a whole, so each file is a source of its own.
            foreach (var file in files)
            {
                writer.WriteStartObject();
                writer.WriteStartObject("secret"u8);
                writer.WriteString("name"u8, session.Dataset.Resource.Spec.Source.SecretRef!.Name);
                writer.WriteStartArray("items"u8);
                writer.WriteStartObject();
                writer.WriteString("key"u8, file.Key);
                writer.WriteString("path"u8, file.Path);
                writer.WriteEndObject();
                writer.WriteEndArray();
                if (file.Optional)
                    writer.WriteBoolean("optional"u8, true);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        }
        if (session.Token)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("serviceAccountToken"u8);
            writer.WriteString("audience"u8, session.Dataset.Resource.Spec.Identity.TokenAudience);
            writer.WriteNumber("expirationSeconds"u8, TokenSeconds);
            writer.WriteString("path"u8, "token"u8);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
