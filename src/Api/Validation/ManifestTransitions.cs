namespace Sluice.Api.Validation;

/// <summary>What must not change in an object that exists, because what was made of it cannot change.</summary>
public static class ManifestTransitions
{
    /// <summary>All that is wrong with replacing <paramref name="before"/>, an object of the same kind and name.</summary>
    public static IReadOnlyList<FieldError> Check(object before, object after) => (before, after) switch
    {
        (DataLoad old, DataLoad now) when old.Spec.Dataset != now.Spec.Dataset =>
            [new(nameof(DataLoad), "spec.dataset", $"cannot change from \"{old.Spec.Dataset}\": its runs and their figures are of that Dataset; create another DataLoad")],
        (Runtime old, Runtime now) when !SameStorage(old.Spec.Worker.Storage, now.Spec.Worker.Storage) =>
            [new(nameof(Runtime), "spec.worker.storage", "medium, size and storageClassName cannot change: Kubernetes keeps the claims of a StatefulSet as they are; create a Runtime of another name, name it in the Dataset and delete this one")],
        _ => [],
    };

    private static bool SameStorage(RuntimeStorage? old, RuntimeStorage? now) =>
        old is null ? now is null : now is not null && old.Medium == now.Medium && old.Size == now.Size && old.StorageClassName == now.StorageClassName;
}
