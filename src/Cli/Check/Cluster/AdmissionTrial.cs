using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Injection;

namespace Sluice.Cli.Check;

/// <summary>A pod to send through the cluster's real admission chain in a dry run, and what should come back.</summary>
/// <param name="Namespace">Where.</param>
/// <param name="Dataset">Its full name.</param>
/// <param name="Pod">As a user would write it.</param>
/// <param name="Sidecars">Names of those that the core adds to it.</param>
internal sealed record AdmissionTrial(string Namespace, string Dataset, JsonObject Pod, IReadOnlyList<string> Sidecars)
{
    private const int MaxTries = 1000; // pods that are made up before giving up; arbitrary, about 50 ms

    /// <summary>Of the wanted namespace, or of the first that is opted in and may mount something.</summary>
    /// <param name="tenancy">Who may mount what.</param>
    /// <param name="wanted">Null: any that is opted in.</param>
    /// <param name="why">Why there is nothing to try.</param>
    public static AdmissionTrial? Choose(Tenancy tenancy, string? wanted, out string why)
    {
        var namespaces = wanted is null ? tenancy.OptedIn : tenancy.Namespaces.Where(ns => ns.Metadata.Name == wanted);
        var pairs = from ns in namespaces from dataset in tenancy.DatasetsFor(ns) select (ns, dataset);
        foreach (var (ns, dataset) in pairs.Take(MaxTries))
        {
            var outcome = tenancy.Try(ns, dataset);
            if (outcome.Patch is not { } patch)
                continue;
            var pod = outcome.Target.Manifest;
            var injected = (JsonObject)pod.DeepClone();
            PatchApplier.Apply(injected, patch);
            why = "";
            return new AdmissionTrial(ns.Metadata.Name, ObjectName.Of(dataset.Metadata).ToString(), pod, [.. TrialPod.Sidecars(injected).Where(s => s.Value).Select(s => s.Key)]);
        }
        why = wanted is null
            ? tenancy.OptedIn.Any() ? "no namespace that is opted in may mount a dataset" : $"no namespace has the label {Names.InjectionLabel}: {Names.InjectionEnabled}; name one with --namespace"
            : $"namespace {wanted} may mount no dataset";
        return null;
    }
}

/// <summary>What the cluster answered to an <see cref="AdmissionTrial"/>.</summary>
/// <param name="Trial">What was asked; null when there was nothing to ask.</param>
/// <param name="Why">Why there was nothing to ask.</param>
/// <param name="Pod">As it came back; null when it was refused.</param>
/// <param name="Refusal">In the cluster's words; null when it was not refused.</param>
internal sealed record AdmissionAnswer(AdmissionTrial? Trial, string Why, JsonObject? Pod, string? Refusal);
