using Sluice.Api;
using Sluice.Api.Validation;

namespace Sluice.Injection;

/// <summary>Who the client is to the data's source: Secret, projected token, ServiceAccount.</summary>
internal static class Identity
{
    public static Decision? Choose(Judgement j)
    {
        foreach (var session in j.Sessions)
        {
            if (ChooseToken(j, session) is { } token)
                return token;
            if (ChooseSecret(j, session) is { } secret)
                return secret;
        }
        return ChooseServiceAccount(j);
    }

    private static Decision? ChooseToken(Judgement j, Session session)
    {
        var identity = session.Dataset.Resource.Spec.Identity;
        if (identity.TokenAudience is not { } audience)
            return null;
        if (TokenAudience.IsApiServer(audience))
            return j.Deny(403, DecisionReason.Credentials, $"dataset \"{session.Dataset.FullName}\" asks for a token of the audience \"{audience}\", which is the API server's own: name the audience of the data's source in spec.identity.tokenAudience");
        if (session.Profile.Resource.Spec.Fuse.Credentials == CredentialsFrom.None)
            return null;
        if (!session.Profile.Resource.Spec.Credentials.Token)
            return j.Deny(422, DecisionReason.Credentials, $"dataset \"{session.Dataset.FullName}\" has spec.identity.tokenAudience and RuntimeProfile \"{session.Profile.Name}\" cannot use a token: remove it, or use another profile");
        session.Token = true;
        return null;
    }

    private static Decision? ChooseSecret(Judgement j, Session session)
    {
        var dataset = session.Dataset;
        if (dataset.Resource.Spec.Source.SecretRef is not { } secret || session.Profile.Resource.Spec.Fuse.Credentials == CredentialsFrom.None)
            return null;
        if (dataset.Name.Namespace == j.Namespace)
        {
            session.Credentials = CredentialSource.Secret;
            return null;
        }
        if (session.ByClaim)
        {
            session.Credentials = CredentialSource.Session;
            return null;
        }
        return session.Token
            ? null
            : j.Deny(403, DecisionReason.Credentials, $"dataset \"{dataset.FullName}\" needs Secret \"{dataset.Name.Namespace}/{secret.Name}\", which a pod of namespace \"{j.Namespace}\" cannot use: mount the dataset through its claim, set spec.identity.tokenAudience, or put a Runtime with a cache in front of it");
    }

    private static Decision? ChooseServiceAccount(Judgement j)
    {
        var current = PodView.Text(j.Pod.Spec, "serviceAccountName");
        if (string.IsNullOrEmpty(current))
            current = PodView.Text(j.Pod.Spec, "serviceAccount");
        var explicitly = string.IsNullOrEmpty(current) || current == "default" ? null : current;
        Session? decides = null;
        foreach (var session in j.Sessions)
        {
            if (session.Dataset.Resource.Spec.Identity.ServiceAccountName is not { Length: > 0 } wanted)
                continue;
            session.ServiceAccount = wanted;
            if (explicitly is not null)
            {
                if (explicitly != wanted && !TenantRules.ServiceAccounts.Grants(j, explicitly))
                    return j.Deny(403, DecisionReason.Credentials, $"the pod runs as ServiceAccount \"{explicitly}\" and dataset \"{session.Dataset.FullName}\" needs \"{wanted}\": use that one, or list \"{explicitly}\" in allowedServiceAccounts of a TenantPolicy for namespace \"{j.Namespace}\"");
                continue;
            }
            if (session.Dataset.Name.Namespace != j.Namespace && !TenantRules.ServiceAccounts.Grants(j, wanted))
                return j.Deny(403, DecisionReason.Credentials, $"dataset \"{session.Dataset.FullName}\" of another namespace needs ServiceAccount \"{wanted}\": list it in allowedServiceAccounts of a TenantPolicy for namespace \"{j.Namespace}\"");
            if (decides is not null && decides.ServiceAccount != wanted)
                return j.Deny(400, DecisionReason.Conflict, $"dataset \"{decides.Dataset.FullName}\" needs ServiceAccount \"{decides.ServiceAccount}\" and dataset \"{session.Dataset.FullName}\" needs \"{wanted}\": a pod has one, so mount them in two pods");
            decides = session;
            j.ServiceAccount = wanted;
        }
        return null;
    }
}
