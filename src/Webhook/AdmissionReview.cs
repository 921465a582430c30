using System.Text.Json;
using Sluice.Injection;

namespace Sluice.Webhook;

/// <summary>
/// The request half of an admission.k8s.io AdmissionReview, as far as a decision needs it. Source: k8s.io/api/admission/v1 types.go.
/// </summary>
internal readonly record struct AdmissionReview()
{
    public const string V1 = "admission.k8s.io/v1";
    public const string V1Beta1 = "admission.k8s.io/v1beta1";

    /// <summary>The version of the review, which the answer repeats.</summary>
    public string ApiVersion { get; init; } = V1;

    /// <summary>What ties the answer to the question; null when the review has none, and then no review can answer it.</summary>
    public string? Uid { get; init; }

    public string Namespace { get; init; } = "";

    /// <summary>The pod's name, or the beginning of it.</summary>
    public string PodName { get; init; } = "";
    public string User { get; init; } = "";
    public string Operation { get; init; } = "";
    public bool DryRun { get; init; }

    /// <summary>The object, where a decision about it is to be made.</summary>
    public JsonElement Pod { get; init; }

    /// <summary>Empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>
    /// Reads a review about a pod. <paramref name="settled"/> is null when there is a pod to decide about, and otherwise the
    /// answer already: a denial that says what is wrong with the review, or an admission of what is none of our business.
    /// </summary>
    public static AdmissionReview Read(JsonElement root, out Decision? settled)
    {
        var review = ReadRequest(root, out var request, out var problem);
        if (problem is not null)
            settled = Bad(problem);
        else if (IsPod(request, out settled))
            return ReadPod(review, request, out settled);
        return review;
    }

    /// <summary>
    /// Reads what reviews of all kinds have. <paramref name="problem"/> is null, or what is wrong: then the review may lack a
    /// uid, and nothing behind the uid was read.
    /// </summary>
    public static AdmissionReview ReadRequest(JsonElement root, out JsonElement request, out string? problem)
    {
        var review = new AdmissionReview();
        request = default;

        if (root.ValueKind != JsonValueKind.Object)
        {
            problem = "the body is JSON but no AdmissionReview object";
            return review;
        }
        var readable = Text(root, "apiVersion"u8, out var apiVersion) & Text(root, "kind"u8, out var kind);
        if (apiVersion == V1Beta1)
            review = review with { ApiVersion = V1Beta1 };
        if (!root.TryGetProperty("request"u8, out request) || request.ValueKind != JsonValueKind.Object)
        {
            problem = "the AdmissionReview has no request object";
            return review;
        }

        if (!Text(request, "uid"u8, out var uid) || uid.Length == 0)
        {
            problem = "the AdmissionReview's request.uid is missing, empty or no string: no answer could be matched to it";
            return review;
        }
        review = review with { Uid = uid };

        if (!readable || kind != "AdmissionReview")
        {
            problem = $"the body's kind is \"{kind}\", not AdmissionReview";
            return review;
        }
        if (apiVersion != V1)
        {
            problem = $"this webhook answers {V1}, not \"{apiVersion}\": list only v1 in admissionReviewVersions of the webhook configuration";
            return review;
        }

        string? wrong = null;
        if (!Text(request, "namespace"u8, out var ns))
            wrong = "namespace";
        if (!Text(request, "operation"u8, out var operation))
            wrong = "operation";
        if (!Text(request, "subResource"u8, out var subresource))
            wrong = "subResource";
        if (!Flag(request, "dryRun"u8, out var dryRun))
            wrong = "dryRun";
        if (!UserName(request, out var user))
            wrong = "userInfo.username";
        problem = wrong is null ? null : $"the AdmissionReview's request.{wrong} is of the wrong type";
        return wrong is null ? review with { Namespace = ns, Operation = operation, Subresource = subresource, DryRun = dryRun, User = user } : review;
    }

    private static AdmissionReview ReadPod(AdmissionReview review, JsonElement request, out Decision? settled)
    {
        settled = null;
        if (review.Subresource.Length != 0)
        {
            settled = AdmissionEndpoint.NotApplicable;
            return review;
        }
        switch (review.Operation)
        {
            case "UPDATE" or "DELETE" or "CONNECT":
                settled = AdmissionEndpoint.NotApplicable;
                return review;
            case not "CREATE":
                settled = Bad($"the AdmissionReview's request.operation is \"{review.Operation}\", not CREATE, UPDATE, DELETE or CONNECT");
                return review;
        }
        if (review.Namespace.Length == 0)
        {
            settled = Bad("the AdmissionReview's request.namespace is missing: every pod has one");
            return review;
        }
        if (!request.TryGetProperty("object"u8, out var pod) || pod.ValueKind != JsonValueKind.Object)
        {
            settled = Bad("the AdmissionReview's request.object is missing or no object");
            return review;
        }
        if (!Text(pod, "kind"u8, out var objectKind) || objectKind is not ("" or "Pod")
            || !Text(pod, "apiVersion"u8, out var objectVersion) || objectVersion is not ("" or "v1"))
        {
            settled = Bad("the AdmissionReview's request.kind says v1 Pod, but its request.object says something else");
            return review;
        }
        return review with { Pod = pod, PodName = NameOf(pod) };
    }

    /// <summary>
    /// Whether the review is about pods. A webhook configuration that sends anything else is answered with an admission and
    /// a warning: to refuse would stop work in the cluster that has nothing to do with us.
    /// </summary>
    private static bool IsPod(JsonElement request, out Decision? settled)
    {
        settled = null;
        if (!GroupVersion(request, "kind"u8, "kind"u8, out var kind) || kind.Name.Length == 0)
        {
            settled = Bad("the AdmissionReview's request.kind is missing or malformed");
            return false;
        }
        if (!GroupVersion(request, "resource"u8, "resource"u8, out var resource))
        {
            settled = Bad("the AdmissionReview's request.resource is malformed");
            return false;
        }
        var isPod = kind is { Group: "", Version: "v1", Name: "Pod" };
        var isPods = resource is { Group: "", Version: "v1", Name: "pods" } or { Group: "", Version: "", Name: "" };
        // Subresources of pods have kinds of their own: Eviction, Binding, Scale, PodExecOptions.
        if (isPods && (isPod || HasSubresource(request)))
            return true;
        settled = AdmissionEndpoint.NotApplicable with
        {
            Warnings =
            [
                $"Sluice's webhook was sent {Describe(kind)}, which it leaves alone: limit the rules of its webhook configuration to pods in apiGroups [\"\"], apiVersions [v1].",
            ],
        };
        return false;

        static string Describe((string Group, string Version, string Name) kind) =>
            $"a {kind.Name} of {(kind.Group.Length == 0 ? kind.Version : kind.Group + "/" + kind.Version)}";
    }

    private static bool HasSubresource(JsonElement request) => Text(request, "subResource"u8, out var subresource) && subresource.Length != 0;

    /// <summary>The group, version and name of <c>request.kind</c> or <c>request.resource</c>; all empty when absent. False for any other shape.</summary>
    internal static bool GroupVersion(
        JsonElement request, ReadOnlySpan<byte> property, ReadOnlySpan<byte> nameProperty, out (string Group, string Version, string Name) read)
    {
        read = ("", "", "");
        if (!request.TryGetProperty(property, out var value) || value.ValueKind == JsonValueKind.Null)
            return true;
        if (value.ValueKind != JsonValueKind.Object
            || !Text(value, "group"u8, out var group)
            || !Text(value, "version"u8, out var version)
            || !Text(value, nameProperty, out var name))
        {
            return false;
        }
        read = (group, version, name);
        return true;
    }

    private static bool UserName(JsonElement request, out string user)
    {
        user = "";
        if (!request.TryGetProperty("userInfo"u8, out var info) || info.ValueKind == JsonValueKind.Null)
            return true;
        return info.ValueKind == JsonValueKind.Object && Text(info, "username"u8, out user);
    }

    /// <summary>The pod's name, or the beginning that the API server completes. For logs: what is malformed is the injection's to refuse.</summary>
    private static string NameOf(JsonElement pod)
    {
        if (!pod.TryGetProperty("metadata"u8, out var metadata) || metadata.ValueKind != JsonValueKind.Object)
            return "";
        return Text(metadata, "name"u8, out var name) && name.Length != 0 ? name
            : Text(metadata, "generateName"u8, out var prefix) ? prefix
            : "";
    }

    /// <summary>A string; absent and null are the empty one. False for any other type.</summary>
    internal static bool Text(JsonElement parent, ReadOnlySpan<byte> name, out string text)
    {
        text = "";
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return true;
        if (value.ValueKind != JsonValueKind.String)
            return false;
        text = value.GetString()!;
        return true;
    }

    private static bool Flag(JsonElement parent, ReadOnlySpan<byte> name, out bool flag)
    {
        flag = false;
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return true;
        flag = value.ValueKind == JsonValueKind.True;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False;
    }

    private static Decision Bad(string message) =>
        new(DecisionKind.Deny, DecisionReason.BadRequest) { Code = 400, Message = message };
}
