using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Kube;

namespace Sluice.Cli.Check;

/// <summary>
/// Reads a cluster: every part by itself and at the same time as the others, each call within the client's deadline, all of them
/// within <see cref="Patience"/>. What cannot be read is a value and stops nothing. Nothing is changed.
/// </summary>
internal sealed class ClusterReader(ApiClient client, TimeProvider time)
{
    private const int MaxObjects = 250_000; // of one kind; arbitrary, a few times what is known to work

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2); // arbitrary

    private static readonly ApiResource Definitions = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", Namespaced: false);
    private static readonly ApiResource MutatingConfigurations = new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", Namespaced: false);
    private static readonly ApiResource ValidatingConfigurations = new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", Namespaced: false);
    private static readonly ApiResource Deployments = new("apps", "v1", "deployments", Namespaced: true);
    private static readonly ApiResource Secrets = new("", "v1", "secrets", Namespaced: true);
    private static readonly ApiResource Namespaces = new("", "v1", "namespaces", Namespaced: false);
    private static readonly ApiResource Nodes = new("", "v1", "nodes", Namespaced: false);
    private static readonly ApiResource Pods = new("", "v1", "pods", Namespaced: true);
    private static readonly ApiResource CsiNodes = new("storage.k8s.io", "v1", "csinodes", Namespaced: false);
    private static readonly ApiResource LimitRanges = new("", "v1", "limitranges", Namespaced: true);
    private static readonly ApiResource AccessReviews = new("authorization.k8s.io", "v1", "subjectaccessreviews", Namespaced: false);

    /// <summary>Reads everything.</summary>
    /// <param name="trialNamespace">Where to try a pod; null: in the first namespace that is opted in and may mount something.</param>
    /// <param name="token">Ends the reading.</param>
    /// <exception cref="UnusableInputException">No answer at all, or the credentials are refused; or there is no such namespace.</exception>
    public async Task<ClusterState> ReadAsync(string? trialNamespace, CancellationToken token)
    {
        using var over = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, token);
        var version = await VersionAsync(either.Token);

        // All of them are on their way before the first is awaited.
        var definitions = TryAsync(FindDefinitionsAsync);
        var mutating = TryAsync(t => FindConfigurationAsync(MutatingConfigurations, "MutatingWebhookConfiguration", t));
        var validating = TryAsync(t => FindConfigurationAsync(ValidatingConfigurations, "ValidatingWebhookConfiguration", t));
        var deployment = TryAsync(FindDeploymentAsync);
        var namespaces = TryAsync(t => ListAsync(Namespaces, null, new ListQuery(), CatalogObjects.ReadNamespace, t));
        var objects = TryAsync(ListObjectsAsync);
        var nodes = TryAsync(t => ListAsync(Nodes, null, new ListQuery(), Node.Read, t));
        var mounters = TryAsync(t => ListAsync(Pods, Installed.Namespace, new ListQuery { LabelSelector = $"{Installed.NameLabel}={Installed.Mounter}" }, MounterPod.Read, t));
        var drivers = TryAsync(ListDriverNodesAsync);
        var limits = TryAsync(ListLimitRangesAsync);
        var source = (await deployment).TryGet(out var found, out _) && found is not null ? found.Certificate : CertificateSource.Managed;
        var certificate = TryAsync(t => FindCertificateAsync(source, t));
        var rights = TryAsync(t => ReviewAsync(source.SelfManaged ? [.. Right.Always, .. Right.ForCertificates] : Right.Always, t));
        var tenancy = (await objects).With(await namespaces, (o, ns) => new Tenancy(o.Resources, ns));
        var state = new ClusterState
        {
            Now = time.GetUtcNow(),
            Version = version,
            Definitions = await definitions,
            Mutating = await mutating,
            Validating = await validating,
            Deployment = await deployment,
            Certificate = await certificate,
            Rights = await rights,
            Namespaces = await namespaces,
            Objects = await objects,
            Nodes = await nodes,
            Mounters = await mounters,
            DriverNodes = await drivers,
            LimitRanges = await limits,
            Tenancy = tenancy,
            Admission = tenancy.TryGet(out var who, out _) ? await TryAsync(t => AdmitAsync(who, trialNamespace, t)) : Reading<AdmissionAnswer>.Unseen(tenancy.Why!),
        };
        if (trialNamespace is not null && state.Namespaces.TryGet(out var known, out _) && !known.Any(ns => ns.Metadata.Name == trialNamespace))
            throw new UnusableInputException($"--namespace: there is no namespace \"{trialNamespace}\" in this cluster");
        return state;

        Task<Reading<T>> TryAsync<T>(Func<CancellationToken, Task<T>> read) => SeenAsync(read, either.Token, token);
    }

    /// <summary>The first question, and the only one without whose answer the others make no sense.</summary>
    private async Task<Reading<JsonElement>> VersionAsync(CancellationToken token)
    {
        try
        {
            return Reading<JsonElement>.Of(await client.VersionAsync(token));
        }
        catch (ApiException e) when (e.StatusCode is 0 or 401)
        {
            throw new UnusableInputException($"the cluster at {client.Address} cannot be asked: {e.StatusMessage}");
        }
        catch (ApiException e)
        {
            return Reading<JsonElement>.Unseen(e.Message);
        }
    }

    /// <summary>What was read, or in whose words it was not. Open: a part that is missing keeps nobody from the others.</summary>
    private static async Task<Reading<T>> SeenAsync<T>(Func<CancellationToken, Task<T>> read, CancellationToken token, CancellationToken caller)
    {
        try
        {
            return Reading<T>.Of(await read(token));
        }
        catch (UnseenException e)
        {
            return Reading<T>.Unseen(e.Message);
        }
        catch (ApiException e)
        {
            return Reading<T>.Unseen(e.Message);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Reading<T>.Unseen($"the answer is not understood: {e.Message}");
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return Reading<T>.Unseen($"not read within {Patience.TotalMinutes:0} minutes");
        }
    }

    private async Task<IReadOnlyList<T>> ListAsync<T>(ApiResource resource, string? ns, ListQuery query, Func<JsonElement, T> read, CancellationToken token)
    {
        var items = new List<T>();
        await client.ListAsync(resource, ns, query, item => items.Add(items.Count < MaxObjects ? read(item) : throw new UnseenException($"more than {MaxObjects} {resource}")), token);
        return items;
    }

    private async Task<IReadOnlyList<Definition>> FindDefinitionsAsync(CancellationToken token)
    {
        var found = await Task.WhenAll(Installed.Kinds.Select(kind => client.TryGetAsync(Definitions.Object(null, kind.ToString()), token)));
        return [.. found.OfType<JsonElement>().Select(Definition.Read)];
    }

    private async Task<WebhookConfiguration?> FindConfigurationAsync(ApiResource resource, string kind, CancellationToken token) =>
        await client.TryGetAsync(resource.Object(null, Installed.Webhook), token) is { } item ? WebhookConfiguration.Read(kind, item) : null;

    private async Task<WebhookDeployment?> FindDeploymentAsync(CancellationToken token) =>
        await client.TryGetAsync(Deployments.Object(Installed.Namespace, Installed.Webhook), token) is { } item ? WebhookDeployment.Read(item) : null;

    private async Task<ServingSecret?> FindCertificateAsync(CertificateSource source, CancellationToken token)
    {
        if (source.Secret is not { } name)
            return null;
        var secret = await client.TryGetAsync(Secrets.Object(Installed.Namespace, name), token);
        return new ServingSecret(name, source.Key, secret is { } item ? Base64.Text(item.Text("data", source.Key)) : null);
    }

    private async Task<CatalogObjects> ListObjectsAsync(CancellationToken token)
    {
        var objects = new CatalogObjects();
        foreach (var kind in Installed.Kinds)
        {
            await ListAsync(kind, null, new ListQuery(), item =>
            {
                objects.Add(kind, item);
                return kind;
            }, token);
        }
        return objects;
    }

    private async Task<IReadOnlySet<string>> ListDriverNodesAsync(CancellationToken token)
    {
        var nodes = await ListAsync(CsiNodes, null, new ListQuery(), item =>
            item.Items("spec", "drivers").Any(d => d.Text("name") == Names.CsiDriver) ? item.FullName() : null, token);
        return nodes.OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    private async Task<IReadOnlyList<LimitRange>> ListLimitRangesAsync(CancellationToken token) =>
        [.. (await ListAsync(LimitRanges, null, new ListQuery(), LimitRange.Read, token)).OfType<LimitRange>()];

    private async Task<IReadOnlyList<RightAnswer>> ReviewAsync(IReadOnlyList<Right> rights, CancellationToken token)
    {
        return await Task.WhenAll(rights.Select(async right =>
        {
            var review = await client.CreateAsync(AccessReviews, null, ReviewOf(right), token);
            return new RightAnswer(right, review.IsTrue("status", "allowed"), review.Text("status", "reason") ?? "");
        }));
    }

    private static ReadOnlyMemory<byte> ReviewOf(Right right)
    {
        var attributes = new JsonObject { ["verb"] = right.Verb, ["group"] = right.Group, ["resource"] = right.Resource };
        if (right.Namespace is not null)
            attributes["namespace"] = right.Namespace;
        if (right.Name is not null)
            attributes["name"] = right.Name;
        return JsonNodes.ToBytes(new JsonObject
        {
            ["apiVersion"] = "authorization.k8s.io/v1",
            ["kind"] = "SubjectAccessReview",
            ["spec"] = new JsonObject
            {
                ["user"] = $"system:serviceaccount:{Installed.Namespace}:{Installed.Webhook}",
                ["groups"] = new JsonArray("system:serviceaccounts", $"system:serviceaccounts:{Installed.Namespace}", "system:authenticated"),
                ["resourceAttributes"] = attributes,
            },
        });
    }

    private async Task<AdmissionAnswer> AdmitAsync(Tenancy tenancy, string? ns, CancellationToken token)
    {
        if (AdmissionTrial.Choose(tenancy, ns, out var why) is not { } trial)
            return new AdmissionAnswer(null, why, null, null);
        try
        {
            var pod = await client.DryRunCreateAsync(Pods, trial.Namespace, JsonNodes.ToBytes(trial.Pod), token);
            return new AdmissionAnswer(trial, "", JsonNodes.Of(pod) as JsonObject, null);
        }
        catch (ApiException e) when (e.StatusCode is >= 400 and not 401 && !IsNoRight(e))
        {
            return new AdmissionAnswer(trial, "", null, e.StatusMessage);
        }
    }

    /// <summary>RBAC refuses whoever asks; everybody else who says 403 refuses the pod.</summary>
    private static bool IsNoRight(ApiException e) => e.StatusCode == 403 && e.StatusMessage.Contains("cannot create resource", StringComparison.Ordinal);

    /// <summary>Something cannot be read, though no call failed.</summary>
    private sealed class UnseenException(string message) : Exception(message);
}
