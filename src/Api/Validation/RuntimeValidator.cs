namespace Sluice.Api.Validation;

/// <summary>What a Runtime promises by itself; its options are held against the profile by <see cref="CatalogValidation"/>.</summary>
public sealed class RuntimeValidator : ResourceValidator<Runtime>
{
    private const int DefaultMaxReplicas = 16;
    private const int MaxRing = 64;

    public RuntimeValidator()
    {
        Rule((r, fail) => NameRules.CheckOwnName("metadata.name", r.Metadata.Name, Names.MaxDatasetName, fail));
        Rule((r, fail) => NameRules.CheckNamespace("metadata.namespace", r.Metadata.Namespace, fail));
        Rule((r, fail) => NameRules.CheckSubdomain("spec.profile", r.Spec.Profile, "a RuntimeProfile", fail));
        Rule((r, fail) => CheckReplicas(r.Spec, fail));
        Rule((r, fail) => CheckMaster(r.Spec.Master, fail));
        Rule((r, fail) => CheckWorker(r.Spec.Worker, fail));
        Rule((r, fail) => CheckIdle(r.Spec.Idle, fail));
        Rule((r, fail) => OptionRules.CheckText("spec.options", r.Spec.Options, fail));
        Rule((r, fail) => OptionRules.CheckText("spec.fuse.options", r.Spec.Fuse.Options, fail));
        Rule((r, fail) => ResourceRules.Check("spec.fuse.resources", r.Spec.Fuse.Resources, fail));
    }

    private static void CheckReplicas(RuntimeSpec spec, Fail fail)
    {
        var max = spec.MaxReplicas ?? DefaultMaxReplicas;
        if (max is < 1 or > MaxRing)
            fail("spec.maxReplicas", $"{max} is not between 1 and {MaxRing}");
        else if (spec.Replicas < 0)
            fail("spec.replicas", $"{spec.Replicas} must not be negative: 0 means no workers");
        else if (spec.Replicas > max)
            fail("spec.replicas", $"{spec.Replicas} workers do not fit the ring of {max}: lower replicas or raise spec.maxReplicas (at most {MaxRing})");
    }

    private static void CheckMaster(RuntimeMaster master, Fail fail)
    {
        if (master.Replicas < 0)
            fail("spec.master.replicas", $"{master.Replicas} must not be negative");
        ResourceRules.Check("spec.master.resources", master.Resources, fail);
        CheckPodMetadata("spec.master.podMetadata", master.PodMetadata, fail);
    }

    private static void CheckWorker(RuntimeWorker worker, Fail fail)
    {
        ResourceRules.Check("spec.worker.resources", worker.Resources, fail);
        CheckPodMetadata("spec.worker.podMetadata", worker.PodMetadata, fail);
        if (worker.DrainTimeoutSeconds < 0)
            fail("spec.worker.drainTimeoutSeconds", "must not be negative");
        if (worker.Storage is { } storage)
            CheckStorage(storage, fail);
    }

    private static void CheckStorage(RuntimeStorage storage, Fail fail)
    {
        const string Path = "spec.worker.storage";
        if (storage.Size is not { IsZero: false })
            fail($"{Path}.size", "is required and must be above 0: say how much a worker may cache, such as 200Gi");
        if (storage.Medium == StorageMedium.Memory && storage.StorageClassName is not null)
            fail($"{Path}.storageClassName", "has no meaning with medium Memory: remove it or use medium Disk");
        if (storage.StorageClassName is not null)
            NameRules.CheckSubdomain($"{Path}.storageClassName", storage.StorageClassName, "a StorageClass", fail);
        else if (storage.RetainWhenScaled)
            fail($"{Path}.retainWhenScaled", "needs claims that can be kept: set storageClassName or remove it");
    }

    private static void CheckIdle(RuntimeIdle? idle, Fail fail)
    {
        if (idle?.ScaleToZeroAfter is { } after && after.Value < TimeSpan.FromMinutes(1))
            fail("spec.idle.scaleToZeroAfter", $"{after} is below 1m: workers would go between two pods");
    }

    private static void CheckPodMetadata(string path, PodMetadata metadata, Fail fail)
    {
        Check($"{path}.labels", metadata.Labels);
        Check($"{path}.annotations", metadata.Annotations);

        void Check(string map, Dictionary<string, string> values)
        {
            foreach (var key in values.Keys)
            {
                var slash = key.IndexOf('/', StringComparison.Ordinal);
                var prefix = slash < 0 ? "" : key[..slash];
                if (prefix == Names.Group || prefix.EndsWith("." + Names.Group, StringComparison.Ordinal))
                    fail($"{map}[{key}]", $"must not use the prefix {prefix}/, which the operator writes itself: use a prefix of your own");
                else if (!NameRules.IsQualified(key))
                    fail($"{map}[{key}]", "is not a name of a label or annotation: write [prefix/]name");
            }
        }
    }
}
