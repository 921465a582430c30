using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection.Tests.Profiles;

/// <summary>The argv and environment that the injection writes for one Dataset with the shipped profiles.</summary>
internal sealed class RenderedSidecar
{
    private RenderedSidecar(IReadOnlyList<string> argv, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> secrets)
    {
        Argv = argv;
        Environment = environment;
        SecretVariables = secrets;
    }

    /// <summary>As the client gets it; <c>${mountpoint}</c> is the relay's to replace.</summary>
    public IReadOnlyList<string> Argv { get; }
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Variables that kubelet fills from the Secret: name to key.</summary>
    public IReadOnlyDictionary<string, string> SecretVariables { get; }

    /// <summary>Injects a pod that asks for <paramref name="dataset"/>; a denial fails the test.</summary>
    public static RenderedSidecar Of(Dataset dataset, Access access)
    {
        var decision = Decide(dataset, access, out var patch);
        Assert.True(decision.Kind == DecisionKind.Patch, decision.Message);
        using var document = JsonDocument.Parse(patch);
        var container = Find(document.RootElement) ?? throw new InvalidOperationException("the patch holds no sidecar");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
        if (container.TryGetProperty("env", out var env))
        {
            foreach (var variable in env.EnumerateArray())
            {
                var name = variable.GetProperty("name").GetString()!;
                if (variable.TryGetProperty("value", out var value))
                    environment[name] = Unescaped(value);
                else
                    secrets[name] = variable.GetProperty("valueFrom").GetProperty("secretKeyRef").GetProperty("key").GetString()!;
            }
        }
        return new RenderedSidecar([.. container.GetProperty("args").EnumerateArray().Select(Unescaped)], environment, secrets);
    }

    /// <summary>What the injection says to a pod that asks for <paramref name="dataset"/>.</summary>
    public static Decision Decide(Dataset dataset, Access access, out ReadOnlyMemory<byte> patch)
    {
        var suffix = access == Access.ReadWrite ? ":rw" : ":ro";
        var pod = Encoding.UTF8.GetBytes($$"""
            {
              "apiVersion": "v1", "kind": "Pod",
              "metadata": {"name": "p", "namespace": "t", "labels": {"sluice.io/inject": "true"}, "annotations": {"sluice.io/datasets": "{{dataset.Metadata.Name}}=/data{{suffix}}"} },
              "spec": {"securityContext": {"runAsUser": 1234, "runAsGroup": 1235, "fsGroup": 1236}, "containers": [{"name": "app", "image": "app"}]}
            }
            """);
        var catalog = new Catalog([dataset], [], ShippedProfiles.All, [], [new Namespace { Metadata = new ObjectMeta { Name = "t" } }]);
        var output = new ArrayBufferWriter<byte>();
        using var document = JsonDocument.Parse(pod);
        var decision = PodInjector.Decide(new PodRequest(document.RootElement, "t"), catalog, output);
        patch = output.WrittenMemory;
        return decision;
    }

    /// <summary>A Dataset of namespace t, writable, with a Secret.</summary>
    public static Dataset Dataset(string uri, string? profile = null, Dictionary<string, string>? options = null) => new()
    {
        Metadata = new ObjectMeta { Name = "d", Namespace = "t" },
        Spec = new DatasetSpec
        {
            Source = new DatasetSource { Uri = uri, Options = options ?? [], SecretRef = new SecretReference { Name = "s" } },
            Profile = profile,
            AccessModes = [AccessMode.ReadOnlyMany, AccessMode.ReadWriteMany],
        },
    };

    /// <summary>Kubernetes reads <c>$$</c> as one dollar.</summary>
    private static string Unescaped(JsonElement text) => text.GetString()!.Replace("$$", "$", StringComparison.Ordinal);

    private static JsonElement? Find(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("args", out _)
            && element.TryGetProperty("name", out var name) && name.GetString()!.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal))
        {
            return element;
        }
        return element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().Select(p => Find(p.Value)).FirstOrDefault(e => e is not null),
            JsonValueKind.Array => element.EnumerateArray().Select(Find).FirstOrDefault(e => e is not null),
            _ => null,
        };
    }
}
