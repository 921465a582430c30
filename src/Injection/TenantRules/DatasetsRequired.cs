using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>datasets.require</c>: what every pod that comes here must have.</summary>
internal static class DatasetsRequired
{
    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        foreach (var required in policy.Datasets.Require)
        {
            if (!j.Sessions.Exists(s => s.Dataset.FullName == required))
                return $"pods of namespace \"{j.Namespace}\" must have dataset \"{required}\": add it to annotation {Names.DatasetsAnnotation}";
        }
        return null;
    }
}
