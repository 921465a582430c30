using System.Globalization;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>What <see cref="Placeholders.Fuse"/> mean for one session. Null: known, but without a value here.</summary>
internal readonly struct FuseValues(Judgement j, Session session, PodUser user) : ITemplateValues
{
    private const decimal Mebibyte = 1024m * 1024m;
    private const decimal Megabyte = 1_000_000m;

    public bool TryGet(string name, out string? value)
    {
        var source = session.Resolution.Source!;
        var runtime = session.Resolution.Runtime;
        var spec = session.Dataset.Resource.Spec;
        var fuse = session.Profile.Resource.Spec.Fuse;
        switch (name)
        {
            case Placeholders.Mountpoint: value = "${mountpoint}"; return true;
            case "source.uri": value = spec.Source.Uri; return true;
            case "uri.scheme" or "source.scheme": value = source.Scheme; return true;
            case "uri.host" or "source.host": value = source.Host; return true;
            case "uri.hostname" or "source.hostname": value = source.HostName; return true;
            case "uri.port" or "source.port": value = source.Port?.ToString(CultureInfo.InvariantCulture); return true;
            case "uri.path" or "source.path": value = source.Path; return true;
            case "uri.user" or "source.user": value = source.User; return true;
            case "dataset.name": value = session.Dataset.Name.Name; return true;
            case "dataset.namespace": value = session.Dataset.Name.Namespace; return true;
            case "runtime.name": value = runtime?.Metadata.Name; return true;
            case "runtime.namespace": value = runtime is null ? null : session.Dataset.Name.Namespace; return true;
            case "runtime.endpoint": value = runtime is null ? null : $"{runtime.Metadata.Name}-cache.{session.Dataset.Name.Namespace}.svc"; return true;
            case "master.host": value = runtime is null ? null : $"{runtime.Metadata.Name}-cache-master-0.{runtime.Metadata.Name}-cache-master.{session.Dataset.Name.Namespace}.svc.{j.Settings.ClusterDomain}"; return true;
            case "worker.endpoints": value = runtime is null ? null : $"{runtime.Metadata.Name}-cache-worker.{session.Dataset.Name.Namespace}.svc"; return true;
            case "worker.maxReplicas": value = runtime is null ? null : (runtime.Spec.MaxReplicas ?? 16).ToString(CultureInfo.InvariantCulture); return true;
            case "consistency.validity": value = spec.Consistency.Mode == ConsistencyMode.Immutable ? "3650d" : (spec.Consistency.MaxAge ?? Duration.FromSeconds(60)).ToString(); return true;
            case "cluster.domain": value = j.Settings.ClusterDomain; return true;
            case "pod.runAsUser": value = PodUser.Text(user.FilesUser); return true;
            case "pod.runAsGroup": value = PodUser.Text(user.FilesGroup); return true;
            case "pod.fsGroup": value = PodUser.Text(user.FsGroup); return true;
            case "access": value = session.Access == Access.ReadWrite ? "rw" : "ro"; return true;
            case "access.ro": value = session.Access == Access.ReadOnly ? "" : null; return true;
            case "access.rw": value = session.Access == Access.ReadWrite ? "" : null; return true;
            case "access.readOnly": value = session.Access == Access.ReadOnly ? "true" : "false"; return true;
            case "cache.dir": value = fuse.CacheSize is null ? null : Names.CachePath; return true;
            case "cache.size": value = fuse.CacheSize?.ToString(); return true;
            case "cache.size.bytes": value = Size(fuse.CacheSize, 1); return true;
            case "cache.size.mebibytes": value = Size(fuse.CacheSize, Mebibyte); return true;
            case "cache.size.megabytes": value = Size(fuse.CacheSize, Megabyte); return true;
            case "state.dir": value = Names.StatePath; return true;
            case "auth.dir": value = Sidecar.AuthDirectory(session); return true;
            case "token.path": value = session.Token ? Names.AuthPath + "/token" : null; return true;
        }
        return TryGetByPrefix(name, source.Scheme, spec, out value);
    }

    private bool TryGetByPrefix(string name, string scheme, DatasetSpec spec, out string? value)
    {
        value = null;
        if (name.StartsWith(Placeholders.OptionPrefix, StringComparison.Ordinal))
            return session.Resolution.Options.TryGetValue(name[Placeholders.OptionPrefix.Length..], out value);
        if (name.StartsWith(Placeholders.SourceOptionPrefix, StringComparison.Ordinal))
        {
            var option = name[Placeholders.SourceOptionPrefix.Length..];
            value = spec.Source.Options.GetValueOrDefault(option);
            return session.Profile.Resource.Spec.Options.ContainsKey(option);
        }
        if (name.StartsWith(Placeholders.SchemePrefix, StringComparison.Ordinal))
        {
            // A scheme's variable may itself use the source's host and path, so it is a template of its own.
            return session.Profile.SchemeVariables.TryGetValue(scheme, out var variables)
                && variables.TryGetValue(name[Placeholders.SchemePrefix.Length..], out var template)
                && TryRender(template, out value);
        }
        return false;
    }

    private bool TryRender(Template template, out string? value)
    {
        var output = new System.Buffers.ArrayBufferWriter<char>(64);
        var outcome = template.Render(this, output, out _);
        value = outcome == TemplateOutcome.Rendered ? output.WrittenSpan.ToString() : null;
        return outcome != TemplateOutcome.Unknown;
    }

    private static string? Size(Quantity? size, decimal unit) =>
        size is { } quantity ? decimal.Floor(quantity.Whole / unit).ToString("0", CultureInfo.InvariantCulture) : null;
}
