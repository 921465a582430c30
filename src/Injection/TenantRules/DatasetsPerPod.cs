using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>maxDatasetsPerPod</c>.</summary>
internal static class DatasetsPerPod
{
    public static string? Judge(TenantPolicySpec policy, Judgement j) =>
        policy.MaxDatasetsPerPod is { } most && j.Sessions.Count > most ? Message(j, most) : null;

    public static string Message(Judgement j, int most) =>
        $"the pod asks for {j.Sessions.Count} datasets and at most {most} are allowed: mount fewer, or raise maxDatasetsPerPod";
}
