using Sluice.Api;

namespace Sluice.Injection;

/// <summary>The profile of each dataset, and whether it can do what is granted.</summary>
internal static class Profiles
{
    public static Decision? Resolve(Judgement j)
    {
        foreach (var session in j.Sessions)
        {
            var resolution = session.Dataset.Resolve(j.Catalog);
            if (resolution.Problem is { } problem)
                return j.Deny(422, DecisionReason.Profile, problem) with { Miss = resolution.Miss };
            session.Resolution = resolution;
            session.Profile = resolution.Profile!;
            var fuse = session.Profile.Resource.Spec.Fuse;
            j.Trace?.Add(TraceStep.Profile, session.Dataset.FullName, $"RuntimeProfile \"{session.Profile.Name}\" runs {fuse.Image}");
            if (session.Profile.Resource.Spec.Experimental)
                j.Warn($"RuntimeProfile \"{session.Profile.Name}\" of dataset \"{session.Dataset.FullName}\" is experimental");
            if (fuse.ReadOnly && session.Access == Access.ReadWrite)
            {
                if (session.Ask == AccessAsk.ReadWrite)
                    return j.Deny(403, DecisionReason.AccessMode, $"dataset \"{session.Dataset.FullName}\" is asked for as rw and RuntimeProfile \"{session.Profile.Name}\" can only read: ask for ro, or use another profile");
                session.Access = Access.ReadOnly;
            }
        }
        return null;
    }
}
