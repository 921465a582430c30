using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowedImages</c>: the sidecar's image as it will run, a mirror's rewriting included.</summary>
internal static class ImagesAllowed
{
    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        if (policy.AllowedImages is not { } allowed)
            return null;
        foreach (var session in j.Sessions)
        {
            var image = session.Profile.Resource.Spec.Fuse.Image;
            if (!Glob.MatchesAny(allowed, image))
                return $"dataset \"{session.Dataset.FullName}\" runs image \"{image}\", which is not allowed: use a profile with an image of {string.Join(", ", allowed)}";
        }
        return null;
    }

    /// <summary>Whether somebody else may have put <paramref name="image"/> in the place of the profile's.</summary>
    public static bool Grants(Judgement j, string image) => Allowance.IsGiven(j, static p => p.AllowedImages, image);
}
