namespace Sluice.Api.Validation;

public enum FindingSeverity
{
    /// <summary>What is named may still come: objects arrive in any order.</summary>
    Warning,
    Error,
}

/// <summary>Something about an object that only shows beside others.</summary>
/// <param name="Severity">Whether the object can work once the others exist.</param>
/// <param name="Field">The field and what is wrong with it.</param>
public sealed record CatalogFinding(FindingSeverity Severity, FieldError Field);

/// <summary>
/// What only shows when objects are seen together: Datasets and Runtimes that name others, and values for options that
/// another object declares. Used through <see cref="CatalogManifests"/> for files, and by the webhook for its catalog.
/// </summary>
public sealed class CatalogValidation(IKnownResources known)
{
    /// <summary>For whatever was read from manifests; kinds that nothing names are left out.</summary>
    public static CatalogValidation Of(IReadOnlyCollection<object> resources) =>
        new(new ListedResources(resources.OfType<Dataset>(), resources.OfType<Runtime>(), resources.OfType<RuntimeProfile>()));

    /// <summary>Findings about a Dataset, Runtime, DataLoad or TenantPolicy; other objects name nothing.</summary>
    public IReadOnlyList<CatalogFinding> Check(object resource)
    {
        var findings = new List<CatalogFinding>();
        switch (resource)
        {
            case Dataset dataset:
                CheckDataset(dataset, findings);
                break;
            case Runtime runtime:
                CheckRuntime(runtime, findings);
                break;
            case DataLoad load when load.Spec.Dataset.Length > 0 && !known.HasDataset(NamespaceOf(load.Metadata), load.Spec.Dataset):
                Warn(findings, nameof(DataLoad), "spec.dataset", $"Dataset \"{load.Spec.Dataset}\" does not exist in the DataLoad's namespace: the load waits for it");
                break;
            case TenantPolicy policy:
                CheckPolicy(policy, findings);
                break;
        }
        return findings;
    }

    private void CheckDataset(Dataset dataset, List<CatalogFinding> findings)
    {
        var spec = dataset.Spec;
        Runtime? runtime = null;
        if (spec.Runtime is not null && (runtime = known.FindRuntime(NamespaceOf(dataset.Metadata), spec.Runtime)) is null)
        {
            Warn(findings, nameof(Dataset), "spec.runtime", $"Runtime \"{spec.Runtime}\" does not exist in the Dataset's namespace: pods are refused until it does");
            return;
        }
        if (FindProfile(spec, runtime, findings) is not { } profile)
            return;
        if (profile.Resource.Spec.Fuse.ReadOnly && spec.AccessModes.Contains(AccessMode.ReadWriteMany))
            Error(findings, nameof(Dataset), "spec.accessModes", $"profile {profile.Resource.Metadata.Name} cannot write: remove ReadWriteMany or choose another profile");
        // The Runtime's own values are reported at the Runtime.
        if (!profile.Options.TryMerge(runtime?.Spec, spec, out _, out var errors))
            findings.AddRange(errors.Where(e => e.Kind == nameof(Dataset)).Select(e => new CatalogFinding(FindingSeverity.Error, e)));
    }

    private KnownProfile? FindProfile(DatasetSpec spec, Runtime? runtime, List<CatalogFinding> findings)
    {
        if (runtime is not null)
            return known.FindProfile(runtime.Spec.Profile); // a missing one is reported at the Runtime
        if (spec.Profile is not null)
        {
            var named = known.FindProfile(spec.Profile);
            if (named is null)
                Warn(findings, nameof(Dataset), "spec.profile", $"RuntimeProfile \"{spec.Profile}\" does not exist: pods are refused until it does");
            return named;
        }
        if (!SourceUri.TryParse(spec.Source.Uri, out var uri, out _))
            return null;
        var serving = known.FindProfileForScheme(uri.Scheme);
        if (serving is null)
            Warn(findings, nameof(Dataset), "spec.source.uri", $"no RuntimeProfile serves the scheme {uri.Scheme}: install one or name a profile in spec.profile");
        return serving;
    }

    private void CheckRuntime(Runtime runtime, List<CatalogFinding> findings)
    {
        var name = runtime.Spec.Profile;
        if (name.Length == 0)
            return;
        if (known.FindProfile(name) is not { } profile)
        {
            Warn(findings, nameof(Runtime), "spec.profile", $"RuntimeProfile \"{name}\" does not exist: the Runtime waits for it");
            return;
        }
        findings.AddRange(profile.Options.Check(runtime.Spec).Select(e => new CatalogFinding(FindingSeverity.Error, e)));
        if (runtime.Spec.Idle is { When: IdleWhen.NoReads } && profile.Resource.Spec.AtZero != AtZero.PassThrough)
            Error(findings, nameof(Runtime), "spec.idle.when", $"NoReads needs a profile whose reads succeed without workers, which those of {name} do not: use NoPods");
        if (runtime.Spec.Master.Replicas is { } replicas && profile.Resource.Spec.Master?.Replicas is { } bounds && (replicas < (bounds.Min ?? 0) || replicas > (bounds.Max ?? int.MaxValue)))
            Error(findings, nameof(Runtime), "spec.master.replicas", $"{replicas} is outside of what profile {name} allows ({bounds.Min ?? 0} to {bounds.Max?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any"})");
    }

    private void CheckPolicy(TenantPolicy policy, List<CatalogFinding> findings)
    {
        for (var i = 0; i < policy.Spec.Datasets.Require.Count; i++)
        {
            if (policy.Spec.Datasets.Require[i].Split('/') is [var ns, var name] && !known.HasDataset(ns, name))
                Warn(findings, nameof(TenantPolicy), $"spec.datasets.require[{i}]", $"Dataset {ns}/{name} does not exist: pods of the selected namespaces are refused until it does");
        }
    }

    private static string NamespaceOf(ObjectMeta metadata) => metadata.Namespace ?? "default";

    private static void Warn(List<CatalogFinding> findings, string kind, string path, string message) =>
        findings.Add(new CatalogFinding(FindingSeverity.Warning, new FieldError(kind, path, message)));

    private static void Error(List<CatalogFinding> findings, string kind, string path, string message) =>
        findings.Add(new CatalogFinding(FindingSeverity.Error, new FieldError(kind, path, message)));
}
