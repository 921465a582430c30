using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Sluice.Webhook.Certificates;

/// <summary>
/// What the Secret of self-managed certificates holds: the authorities that are to be believed, the key of the first of them, and the
/// serving certificate with its key. Immutable.
/// </summary>
/// <param name="Authorities">The one that signs, then those that signed before and have not ended yet.</param>
/// <param name="AuthorityKey">PKCS#8 in PEM.</param>
/// <param name="Serving">With its private key.</param>
/// <param name="ServingKey">PKCS#8 in PEM.</param>
internal sealed record CertificateSet(ImmutableArray<X509Certificate2> Authorities, string AuthorityKey, X509Certificate2 Serving, string ServingKey)
{
    // The names of kubernetes.io/tls, and one more.
    private const string BundleEntry = "ca.crt";
    private const string AuthorityKeyEntry = "ca.key";
    private const string ServingEntry = "tls.crt";
    private const string ServingKeyEntry = "tls.key";

    private const int MaxAuthorities = 8; // a new one every eight months, each for a year: two, unless somebody else writes here

    /// <summary>What goes into <c>caBundle</c>.</summary>
    public string Bundle => string.Concat(Authorities.Select(authority => authority.ExportCertificatePem() + "\n"));

    /// <summary>The authority that signs, with its private key.</summary>
    public X509Certificate2 Signer() => X509Certificate2.CreateFromPem(Authorities[0].ExportCertificatePem(), AuthorityKey);

    /// <summary>Reads a Secret.</summary>
    /// <param name="secret">The object.</param>
    /// <param name="problem">Why it is of no use; null when the set is there, or when the Secret is empty.</param>
    public static CertificateSet? Read(JsonElement secret, out string? problem)
    {
        problem = null;
        if (!secret.TryGetProperty("data"u8, out var data) || data.ValueKind != JsonValueKind.Object || !data.TryGetProperty(BundleEntry, out _))
            return null;
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(Entry(data, BundleEntry));
            var (authorityKey, servingKey) = (Entry(data, AuthorityKeyEntry), Entry(data, ServingKeyEntry));
            var serving = X509Certificate2.CreateFromPem(Entry(data, ServingEntry), servingKey);
            if (authorities.Count is 0 or > MaxAuthorities)
                throw new CryptographicException($"{BundleEntry} holds {authorities.Count} certificates");
            var set = new CertificateSet([.. authorities], authorityKey, serving, servingKey);
            using var signer = set.Signer(); // throws when the key is not its own
            return set;
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException or InvalidOperationException)
        {
            problem = e.Message;
            return null;
        }
    }

    /// <summary>The whole Secret with this set in it: metadata (and with it the version that is replaced), type and foreign entries stay.</summary>
    public ReadOnlyMemory<byte> WriteInto(JsonElement secret)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("apiVersion"u8, "v1"u8);
        json.WriteString("kind"u8, "Secret"u8);
        foreach (var member in secret.EnumerateObject())
        {
            if (member.Name is "metadata" or "type" or "immutable")
                member.WriteTo(json);
        }
        json.WriteStartObject("data"u8);
        if (secret.TryGetProperty("data"u8, out var old) && old.ValueKind == JsonValueKind.Object)
        {
            foreach (var entry in old.EnumerateObject())
            {
                if (entry.Name is not (BundleEntry or AuthorityKeyEntry or ServingEntry or ServingKeyEntry))
                    entry.WriteTo(json);
            }
        }
        json.WriteBase64String(BundleEntry, Encoding.ASCII.GetBytes(Bundle));
        json.WriteBase64String(AuthorityKeyEntry, Encoding.ASCII.GetBytes(AuthorityKey));
        json.WriteBase64String(ServingEntry, Encoding.ASCII.GetBytes(Serving.ExportCertificatePem()));
        json.WriteBase64String(ServingKeyEntry, Encoding.ASCII.GetBytes(ServingKey));
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static string Entry(JsonElement data, string name) =>
        data.TryGetProperty(name, out var entry) && entry.TryGetBytesFromBase64(out var bytes)
            ? Encoding.ASCII.GetString(bytes)
            : throw new CryptographicException($"{name} is missing");
}
