using System.Globalization;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;
using Sluice.Injection;

namespace Sluice.Webhook.Validation;

/// <summary>
/// Whether an object of our own kinds may become what it is about to become: what <c>sluice validate</c> says of it, what it
/// says beside the catalog, and what must not change. Pure.
/// </summary>
internal static class ResourceJudge
{
    private const int MaxNamed = 10; // of what is wrong or in the way; the rest is counted

    public static Verdict Judge(in ResourceReview review, Catalog catalog)
    {
        if (review.Request.Operation == "DELETE")
            return JudgeDeletion(review, catalog);
        var after = Read(review.After);
        if (after.Resource is null)
            return Invalid(review, after.Errors);
        // Finalizers are taken off an object that is going, whatever is wrong with it.
        if (after.Resource.Metadata.DeletionTimestamp is not null)
            return Verdict.Admit(VerdictReason.Valid, []);

        var known = new CatalogValidation(new CatalogResources(catalog));
        var now = Findings(after.Resource.Resource, known);
        if (Read(review.Before).Resource is { } before)
        {
            // What was wrong already, by rules that came later or objects that went, must not stop a change of something else.
            foreach (var old in Findings(before.Resource, known))
                now.Remove(old);
            now.AddRange(ManifestTransitions.Check(before.Resource, after.Resource.Resource).Select(e => new CatalogFinding(FindingSeverity.Error, e)));
        }
        var errors = now.Where(finding => finding.Severity == FindingSeverity.Error).Select(finding => Line(finding.Field.Path, finding.Field.Message)).Distinct(StringComparer.Ordinal).ToList();
        return errors.Count > 0
            ? Invalid(review, errors)
            : Verdict.Admit(VerdictReason.Valid, [.. now.Select(finding => Line(finding.Field.Path, finding.Field.Message)).Distinct(StringComparer.Ordinal)]);
    }

    private static Verdict JudgeDeletion(in ResourceReview review, Catalog catalog)
    {
        if (review.Kind != nameof(RuntimeProfile) || ProfileUsers.Of(review.Name, catalog) is not { Count: > 0 } users)
            return Verdict.Admit(VerdictReason.Valid, []);
        return new(VerdictReason.InUse, 409, $"{review.FullName} is used by {Join(users, ", ")}: let them use another profile, or delete them first");
    }

    private static List<CatalogFinding> Findings(object resource, CatalogValidation known) =>
        [.. ManifestValidation.Check(resource).Select(error => new CatalogFinding(FindingSeverity.Error, error)), .. known.Check(resource)];

    private static (ManifestObject? Resource, List<string> Errors) Read(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
            return (null, []);
        var file = ManifestReader.ReadJson("object", json, UnknownFields.Skip);
        return (file is { Errors.Count: 0, Objects: [var read, ..] } ? read : null, [.. file.Errors.Select(error => Line(error.Path, error.Message))]);
    }

    private static Verdict Invalid(in ResourceReview review, List<string> errors) => new(VerdictReason.Invalid, 422, $"{review.FullName} is invalid: {Join(errors, "; ")}");

    private static string Line(string path, string message) => path.Length == 0 ? message : $"{path}: {message}";

    private static string Join(List<string> items, string separator) => items.Count <= MaxNamed
        ? string.Join(separator, items)
        : string.Create(CultureInfo.InvariantCulture, $"{string.Join(separator, items.Take(MaxNamed))}{separator}and {items.Count - MaxNamed} more");
}
