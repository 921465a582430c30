using System.Text;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Webhook.Validation;

/// <summary>An AdmissionReview about a Dataset, Runtime, RuntimeProfile, TenantPolicy or DataLoad.</summary>
internal readonly record struct ResourceReview(AdmissionReview Request)
{
    private static readonly string[] Kinds = [nameof(Dataset), nameof(Runtime), nameof(RuntimeProfile), nameof(TenantPolicy), nameof(DataLoad)];

    public string Kind { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>The object as it would be; empty for DELETE.</summary>
    public ReadOnlyMemory<byte> After { get; init; }

    /// <summary>The object as it is; empty for CREATE.</summary>
    public ReadOnlyMemory<byte> Before { get; init; }

    /// <summary><c>Dataset vision/imagenet</c>.</summary>
    public string FullName => Request.Namespace.Length == 0 ? $"{Kind} {Name}" : $"{Kind} {Request.Namespace}/{Name}";

    /// <summary>Reads a review. <paramref name="settled"/> is null when there is an object to judge, and otherwise the answer already.</summary>
    public static ResourceReview Read(JsonElement root, out Verdict? settled)
    {
        var review = new ResourceReview(AdmissionReview.ReadRequest(root, out var request, out var problem));
        settled = null;
        if (problem is not null)
        {
            settled = Bad(problem);
            return review;
        }
        if (!AdmissionReview.GroupVersion(request, "kind"u8, "kind"u8, out var kind) || kind.Name.Length == 0 || !AdmissionReview.Text(request, "name"u8, out var name))
        {
            settled = Bad("the AdmissionReview's request.kind is missing, or it or request.name is malformed");
            return review;
        }
        review = review with { Kind = kind.Name, Name = name };
        // To refuse what is not ours would stop work in the cluster that has nothing to do with us.
        if (kind.Group != Names.Group || kind.Version != Names.Version || !Kinds.Contains(kind.Name, StringComparer.Ordinal))
        {
            settled = Verdict.Admit(VerdictReason.NotApplicable,
                [$"Sluice's webhook was sent a {kind.Name} of {kind.Group}/{kind.Version}, which it leaves alone: limit the rules of its webhook configuration to the kinds of {Names.ApiVersion}."]);
            return review;
        }
        if (review.Request.Subresource.Length != 0 || review.Request.Operation == "CONNECT")
        {
            settled = Verdict.Admit(VerdictReason.NotApplicable, []);
            return review;
        }
        return review.WithObjects(request, out settled);
    }

    private ResourceReview WithObjects(JsonElement request, out Verdict? settled)
    {
        settled = null;
        bool after = Request.Operation is "CREATE" or "UPDATE";
        bool before = Request.Operation is "UPDATE" or "DELETE";
        if (!after && !before)
            settled = Bad($"the AdmissionReview's request.operation is \"{Request.Operation}\", not CREATE, UPDATE, DELETE or CONNECT");
        else if (after && !IsObject(request, "object"u8))
            settled = Bad("the AdmissionReview's request.object is missing or no object");
        else if (before && !IsObject(request, "oldObject"u8))
            settled = Bad("the AdmissionReview's request.oldObject is missing or no object");
        else
            return this with { After = after ? Text(request, "object"u8) : default, Before = before ? Text(request, "oldObject"u8) : default };
        return this;
    }

    private static bool IsObject(JsonElement request, ReadOnlySpan<byte> name) =>
        request.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object;

    private static ReadOnlyMemory<byte> Text(JsonElement request, ReadOnlySpan<byte> name) => Encoding.UTF8.GetBytes(request.GetProperty(name).GetRawText());

    private static Verdict Bad(string message) => new(VerdictReason.BadRequest, 400, message);
}
