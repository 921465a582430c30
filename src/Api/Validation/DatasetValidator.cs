namespace Sluice.Api.Validation;

/// <summary>What a Dataset promises by itself; whether its profile and Runtime agree is for <see cref="CatalogValidation"/>.</summary>
public sealed class DatasetValidator : ResourceValidator<Dataset>
{
    public DatasetValidator()
    {
        Rule((d, fail) => NameRules.CheckOwnName("metadata.name", d.Metadata.Name, Names.MaxDatasetName, fail));
        Rule((d, fail) => NameRules.CheckNamespace("metadata.namespace", d.Metadata.Namespace, fail));
        Rule((d, fail) => CheckSource(d.Spec.Source, fail));
        Rule((d, fail) => CheckServedBy(d.Spec, fail));
        Rule((d, fail) => CheckPlaces(d.Spec, fail));
        Rule((d, fail) => CheckSharing(d.Spec, fail));
        Rule((d, fail) => CheckIdentity(d.Spec.Identity, fail));
        Rule((d, fail) => CheckConsistency(d.Spec.Consistency, fail));
        Rule((d, fail) => ResourceRules.Check("spec.fuse.resources", d.Spec.Fuse.Resources, fail));
        Rule((d, fail) => OptionRules.CheckText("spec.fuse.options", d.Spec.Fuse.Options, fail));
    }

    private static void CheckSource(DatasetSource source, Fail fail)
    {
        if (!SourceUri.TryParse(source.Uri, out _, out var error))
            fail("spec.source.uri", error);
        OptionRules.CheckText("spec.source.options", source.Options, fail);
        if (source.SecretRef is { } secret)
            NameRules.CheckSubdomain("spec.source.secretRef.name", secret.Name, "a Secret of the Dataset's namespace", fail);
    }

    private static void CheckServedBy(DatasetSpec spec, Fail fail)
    {
        if (spec.Runtime is not null && spec.Profile is not null)
            fail("spec.profile", "must not be set beside spec.runtime, which has a profile of its own: keep one of them");
        if (spec.Runtime is not null)
            NameRules.CheckSubdomain("spec.runtime", spec.Runtime, "a Runtime of the Dataset's namespace", fail);
        if (spec.Profile is not null)
            NameRules.CheckSubdomain("spec.profile", spec.Profile, "a RuntimeProfile", fail);
    }

    private static void CheckPlaces(DatasetSpec spec, Fail fail)
    {
        if (spec.MountPath is not null && PathRules.MountPathProblem(spec.MountPath) is { } problem)
            fail("spec.mountPath", problem);
        if (spec.Claim is { } claim)
            NameRules.CheckSubdomain("spec.claim.name", claim.Name, "a PersistentVolumeClaim", fail);
    }

    private static void CheckSharing(DatasetSpec spec, Fail fail)
    {
        for (var i = 0; i < spec.Sharing.Count; i++)
        {
            var path = $"spec.sharing[{i}]";
            if (spec.Sharing[i].NamespaceSelector is { } selector)
                SelectorRules.Check($"{path}.namespaceSelector", selector, fail);
            else
                fail($"{path}.namespaceSelector", "is required: select namespaces by their labels, or write {} to share with all");
            if (spec.Sharing[i].Access == Access.ReadWrite && !spec.AccessModes.Contains(AccessMode.ReadWriteMany))
                fail($"{path}.access", "ReadWrite needs ReadWriteMany in spec.accessModes: add it or share ReadOnly");
        }
    }

    private static void CheckIdentity(DatasetIdentity identity, Fail fail)
    {
        if (identity.ServiceAccountName is not null)
            NameRules.CheckSubdomain("spec.identity.serviceAccountName", identity.ServiceAccountName, "a ServiceAccount", fail);
        if (identity.TokenAudience is not { } audience)
            return;
        if (string.IsNullOrWhiteSpace(audience) || audience.Any(char.IsControl))
            fail("spec.identity.tokenAudience", "must not be empty: name who takes the token, such as sts.amazonaws.com");
        else if (TokenAudience.IsApiServer(audience))
            fail("spec.identity.tokenAudience", $"\"{audience}\" is an audience of the API server, whose tokens no client gets: name the data store's own, such as sts.amazonaws.com");
    }

    private static void CheckConsistency(DatasetConsistency consistency, Fail fail)
    {
        if (consistency.MaxAge is null)
            return;
        if (consistency.Mode != ConsistencyMode.Revalidate)
            fail("spec.consistency.maxAge", "has a meaning only with mode Revalidate: remove it or set spec.consistency.mode");
        else if (consistency.MaxAge.Value.Value == TimeSpan.Zero)
            fail("spec.consistency.maxAge", "must be above 0");
    }
}
