using System.Text.Json;

namespace Sluice.Injection;

/// <summary>One pod on its way in, as an AdmissionReview or a file has it.</summary>
/// <param name="Pod">The whole object, raw; must stay valid until the decision is made.</param>
/// <param name="Namespace">The request's namespace: <c>metadata.namespace</c> of a pod may be absent at creation.</param>
/// <param name="Operation"><c>CREATE</c>; every other operation leaves the pod unchanged.</param>
/// <param name="User">Name of the account that asks, for the trace and the rules about our own controllers.</param>
public readonly record struct PodRequest(JsonElement Pod, string Namespace, string Operation = "CREATE", string User = "");
