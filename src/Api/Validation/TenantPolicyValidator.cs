namespace Sluice.Api.Validation;

public sealed class TenantPolicyValidator : ResourceValidator<TenantPolicy>
{
    public TenantPolicyValidator()
    {
        Rule((p, fail) => NameRules.CheckSubdomain("metadata.name", p.Metadata.Name, "the policy", fail));
        Rule((p, fail) => CheckSelector(p.Spec, fail));
        Rule((p, fail) => CheckDatasets(p.Spec, fail));
        Rule((p, fail) => CheckSidecar(p.Spec.Sidecar, fail));
        Rule((p, fail) => CheckLists(p.Spec, fail));
        Rule((p, fail) => CheckMessage(p.Spec.Message, fail));
    }

    private static void CheckSelector(TenantPolicySpec spec, Fail fail)
    {
        if (spec.NamespaceSelector is { } selector)
            SelectorRules.Check("spec.namespaceSelector", selector, fail);
        else
            fail("spec.namespaceSelector", "is required: select namespaces by their labels, or write {} to mean all");
    }

    private static void CheckDatasets(TenantPolicySpec spec, Fail fail)
    {
        if (spec.MaxDatasetsPerPod < 0)
            fail("spec.maxDatasetsPerPod", "must not be negative: 0 allows none");
        for (var i = 0; i < spec.Datasets.Allow?.Count; i++)
        {
            var allow = spec.Datasets.Allow[i];
            if (allow.Namespace is not null)
                CheckGlob($"spec.datasets.allow[{i}].namespace", allow.Namespace, fail);
            CheckGlobs($"spec.datasets.allow[{i}].names", allow.Names, fail);
        }
        for (var i = 0; i < spec.Datasets.Require.Count; i++)
        {
            var parts = spec.Datasets.Require[i].Split('/');
            if (parts.Length != 2 || !parts.All(NameRules.IsLabel))
                fail($"spec.datasets.require[{i}]", $"\"{spec.Datasets.Require[i]}\" must read namespace/name");
        }
    }

    private static void CheckSidecar(PolicySidecar sidecar, Fail fail)
    {
        ResourceRules.Check("spec.sidecar.default", sidecar.Default, fail);
        ResourceRules.Check("spec.sidecar.min", sidecar.Min, fail);
        ResourceRules.Check("spec.sidecar.max", sidecar.Max, fail);
        Order("min", sidecar.Min, "max", sidecar.Max);
        Order("min", sidecar.Min, "default", sidecar.Default);
        Order("default", sidecar.Default, "max", sidecar.Max);

        void Order(string low, ResourceRequirements a, string high, ResourceRequirements b)
        {
            ResourceRules.CheckOrder($"spec.sidecar.{low}.requests", a.Requests, $"spec.sidecar.{high}.requests", b.Requests, fail);
            ResourceRules.CheckOrder($"spec.sidecar.{low}.limits", a.Limits, $"spec.sidecar.{high}.limits", b.Limits, fail);
        }
    }

    private static void CheckLists(TenantPolicySpec spec, Fail fail)
    {
        CheckGlobs("spec.allowedProfiles", spec.AllowedProfiles, fail);
        CheckGlobs("spec.allowedImages", spec.AllowedImages, fail);
        CheckGlobs("spec.allowedServiceAccounts", spec.AllowedServiceAccounts, fail);
        CheckGlobs("spec.allowedEndpoints", spec.AllowedEndpoints, fail);
        for (var i = 0; i < spec.AllowedAudiences?.Count; i++)
        {
            var audience = spec.AllowedAudiences[i];
            if (string.IsNullOrWhiteSpace(audience))
                fail($"spec.allowedAudiences[{i}]", "must not be empty");
            else if (TokenAudience.IsApiServer(audience))
                fail($"spec.allowedAudiences[{i}]", $"\"{audience}\" is an audience of the API server, which is always refused: remove it");
        }
    }

    private static void CheckMessage(string? message, Fail fail)
    {
        if (message is not null && (message.Length > 500 || message.Any(char.IsControl)))
            fail("spec.message", "must be one line of at most 500 characters, since it becomes part of a denial");
    }

    private static void CheckGlobs(string path, List<string>? globs, Fail fail)
    {
        for (var i = 0; i < globs?.Count; i++)
            CheckGlob($"{path}[{i}]", globs[i], fail);
    }

    /// <summary>A literal text in which <c>*</c> stands for any characters; nothing else is special.</summary>
    private static void CheckGlob(string path, string glob, Fail fail)
    {
        if (glob.Length == 0)
            fail(path, "must not be empty: write a name, a glob such as team-*, or * for all");
        else if (glob.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is '[' or ']' && !path.StartsWith("spec.allowedEndpoints", StringComparison.Ordinal) || c is '{' or '}' or '\\'))
            fail(path, $"\"{glob}\" must be a name in which only * has a meaning");
    }
}
