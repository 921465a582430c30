using System.Globalization;

namespace Sluice.Api.Validation;

public sealed class RuntimeProfileValidator : ResourceValidator<RuntimeProfile>
{
    private static readonly string[] PullPolicies = ["Always", "IfNotPresent", "Never"];
    private static readonly string[] Statistics = ["fetched", "used", "capacity"];

    public RuntimeProfileValidator()
    {
        Rule((p, fail) => NameRules.CheckOwnName("metadata.name", p.Metadata.Name, Names.MaxDatasetName, fail));
        Rule((p, fail) => CheckSchemes(p.Spec, fail));
        Rule((p, fail) => CheckOptions(p.Spec, fail));
        Rule((p, fail) => CheckFuse(p.Spec, fail));
        Rule((p, fail) => CheckParts(p.Spec, fail));
        Rule((p, fail) => CheckCredentials(p.Spec.Credentials, fail));
        Rule((p, fail) => CheckNetwork(p.Spec.NetworkPolicy, fail));
    }

    private static void CheckSchemes(RuntimeProfileSpec spec, Fail fail)
    {
        for (var i = 0; i < spec.Schemes.Count; i++)
        {
            if (!SourceUri.TryParse(spec.Schemes[i] + "://host", out _, out _))
                fail($"spec.schemes[{i}]", $"\"{spec.Schemes[i]}\" is no scheme: use lower-case letters, digits, +, - and ., beginning with a letter");
        }
        var templates = new ProfileTemplates(spec, fail);
        foreach (var (scheme, vars) in spec.SchemeVars)
        {
            if (!spec.Schemes.Contains(scheme))
                fail($"spec.schemeVars[{scheme}]", "is for a scheme that spec.schemes does not list: add it there or remove it here");
            foreach (var (name, value) in vars ?? [])
                templates.CheckText($"spec.schemeVars[{scheme}][{name}]", value, TemplatePlace.Part);
        }
    }

    private static void CheckOptions(RuntimeProfileSpec spec, Fail fail)
    {
        var compiled = new CompiledOptions(spec);
        foreach (var (name, option) in spec.Options)
        {
            var path = $"spec.options[{name}]";
            if (!OptionRules.IsName(name))
                fail(path, "is not an option's name: use letters, digits and '_', beginning with a letter");
            if (compiled.PatternProblem(name) is { } problem)
                fail($"{path}.pattern", problem);
            else if (option?.Default is { } value)
                CheckDefault(spec, compiled, name, value, fail);
            if (option is { Required: true, Default: not null })
                fail($"{path}.required", "has no meaning beside a default: remove one of them");
        }
    }

    /// <summary>A default belongs to the profile's author, so only what is declared about the option binds it.</summary>
    private static void CheckDefault(RuntimeProfileSpec spec, CompiledOptions compiled, string name, string value, Fail fail)
    {
        var path = $"spec.options[{name}].default";
        if (value.Contains("${", StringComparison.Ordinal))
        {
            new ProfileTemplates(spec, fail).CheckText(path, value, TemplatePlace.Part);
            if (spec.Fuse.Command.Concat(spec.Fuse.Env.Select(e => e.Value)).Any(t => t.Contains($"${{{Placeholders.OptionPrefix}{name}", StringComparison.Ordinal)))
                fail(path, "must be literal, since spec.fuse uses the option: placeholders in defaults are for masters and workers");
        }
        else if (compiled.DefaultProblem(name, value) is { } problem)
        {
            fail(path, problem);
        }
    }

    private static void CheckFuse(RuntimeProfileSpec spec, Fail fail)
    {
        var fuse = spec.Fuse;
        var templates = new ProfileTemplates(spec, fail);
        CheckImage("spec.fuse.image", fuse.Image, fail);
        if (fuse.PullPolicy is not null && !PullPolicies.Contains(fuse.PullPolicy, StringComparer.Ordinal))
            fail("spec.fuse.pullPolicy", $"\"{fuse.PullPolicy}\" must be Always, IfNotPresent or Never");
        for (var i = 0; i < fuse.ImagePullSecrets.Count; i++)
            NameRules.CheckSubdomain($"spec.fuse.imagePullSecrets[{i}]", fuse.ImagePullSecrets[i], "a Secret", fail);
        if (fuse.Command.Count == 0)
            fail("spec.fuse.command", "is required: write the client's program and its arguments");
        templates.CheckCommand("spec.fuse.command", fuse.Command, TemplatePlace.FuseArgument);
        templates.CheckVariables("spec.fuse.env", fuse.Env, TemplatePlace.FuseVariable);
        for (var i = 0; i < fuse.Fusermount.Count; i++)
        {
            if (PathRules.CleanPathProblem(fuse.Fusermount[i]) is { } problem)
                fail($"spec.fuse.fusermount[{i}]", problem);
        }
        for (var i = 0; i < fuse.WaitFor.Count; i++)
            CheckWaitFor($"spec.fuse.waitFor[{i}]", fuse.WaitFor[i], templates, fail);
        ResourceRules.Check("spec.fuse.resources", fuse.Resources, fail);
        CheckFuseLimits(fuse, fail);
    }

    private static void CheckFuseLimits(ProfileFuse fuse, Fail fail)
    {
        if (fuse.CacheSize is { IsZero: true })
            fail("spec.fuse.cacheSize", "must be above 0: leave it out for no cache");
        if (fuse.CacheMedium == StorageMedium.Memory && fuse.CacheSize is null)
            fail("spec.fuse.cacheMedium", "has a meaning only with spec.fuse.cacheSize: add it or remove this");
        if (fuse.StartTimeout is { Value.Ticks: 0 })
            fail("spec.fuse.startTimeout", "must be above 0");
        if (fuse.HangTimeout is { Value.Ticks: 0 })
            fail("spec.fuse.hangTimeout", "must be above 0: leave it out for never");
        if (fuse.MaxTransfer is { } transfer && (transfer.Whole < 4096 || transfer.Whole > 1 << 20))
            fail("spec.fuse.maxTransfer", $"{transfer} is not between 4Ki and 1Mi");
        if (fuse.User.RunAsUser < 1)
            fail("spec.fuse.user.runAsUser", "must be at least 1: the sidecar never runs as root");
        if (fuse.User.RunAsGroup < 0)
            fail("spec.fuse.user.runAsGroup", "must not be negative");
        if (fuse.User is { Omit: true, RunAsUser: not null } or { Omit: true, RunAsGroup: not null })
            fail("spec.fuse.user.omit", "must not stand beside runAsUser or runAsGroup: keep one of them");
    }

    private static void CheckWaitFor(string path, string text, ProfileTemplates templates, Fail fail)
    {
        templates.CheckText(path, text, TemplatePlace.FuseVariable);
        const string Prefix = "tcp://";
        var colon = text.LastIndexOf(':');
        var portIsPlaceholder = text.EndsWith('}');
        var valid = text.StartsWith(Prefix, StringComparison.Ordinal)
            && (portIsPlaceholder || colon > Prefix.Length)
            && (portIsPlaceholder || int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535)
            && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));
        if (!valid)
            fail(path, $"\"{text}\" must read tcp://host:port");
    }

    private static void CheckParts(RuntimeProfileSpec spec, Fail fail)
    {
        var templates = new ProfileTemplates(spec, fail);
        CheckPart("spec.worker", spec.Worker, templates, fail);
        CheckPart("spec.master", spec.Master, templates, fail);
        foreach (var (name, list) in spec.Lists)
        {
            if (list.Over != "workers")
                fail($"spec.lists[{name}].over", $"\"{list.Over}\" must be workers");
            templates.CheckText($"spec.lists[{name}].item", list.Item, TemplatePlace.List);
        }
        for (var i = 0; i < spec.Files.Count; i++)
        {
            if (!NameRules.IsDataKey(spec.Files[i].Name))
                fail($"spec.files[{i}].name", $"\"{spec.Files[i].Name}\" is no file name: use letters, digits, '-', '_' and '.'");
            templates.CheckText($"spec.files[{i}].content", spec.Files[i].Content, TemplatePlace.File);
        }
        if (spec.Setup is { } setup)
        {
            CheckImage("spec.setup.image", setup.Image, fail);
            templates.CheckCommand("spec.setup.command", setup.Command, TemplatePlace.Setup);
            templates.CheckVariables("spec.setup.env", setup.Env, TemplatePlace.Setup);
        }
        if (spec.Load is { Through: LoadThrough.Command } load)
        {
            CheckImage("spec.load.image", load.Image, fail);
            if (load.Command.Count == 0)
                fail("spec.load.command", "is required with through: Command");
            templates.CheckCommand("spec.load.command", load.Command, TemplatePlace.Load);
        }
    }

    private static void CheckPart(string path, ProfilePart? part, ProfileTemplates templates, Fail fail)
    {
        if (part is null)
            return;
        if (part.Template is { } template)
            templates.CheckRaw($"{path}.template", template, TemplatePlace.Part);
        else
            fail($"{path}.template", "is required: write the part's pod template");
        if (part.Replicas is { } replicas)
            CheckReplicas($"{path}.replicas", replicas, fail);
        CheckVolume($"{path}.cacheVolume.mountPath", part.CacheVolume, fail);
        CheckVolume($"{path}.storage.mountPath", part.Storage, fail);
        if (part.Drain is { } drain)
        {
            CheckImage($"{path}.drain.image", drain.Image, fail);
            templates.CheckCommand($"{path}.drain.command", drain.Command, TemplatePlace.Drain);
        }
        for (var i = 0; i < part.Stats.Count; i++)
        {
            if (!Statistics.Contains(part.Stats[i].Name, StringComparer.Ordinal))
                fail($"{path}.stats[{i}].name", $"\"{part.Stats[i].Name}\" must be fetched, used or capacity");
            CheckPort($"{path}.stats[{i}].port", part.Stats[i].Port, fail);
        }
    }

    private static void CheckReplicas(string path, PartReplicas replicas, Fail fail)
    {
        var min = replicas.Min ?? 0;
        var max = replicas.Max ?? int.MaxValue;
        if (min < 0)
            fail($"{path}.min", "must not be negative");
        else if (min > max)
            fail($"{path}.min", $"{min} is above max, which is {max}");
        else if (replicas.Default is { } value && (value < min || value > max))
            fail($"{path}.default", $"{value} is not between min and max");
    }

    private static void CheckVolume(string path, ProfileVolume? volume, Fail fail)
    {
        if (volume is not null && PathRules.CleanPathProblem(volume.MountPath) is { } problem)
            fail(path, problem);
    }

    private static void CheckCredentials(ProfileCredentials credentials, Fail fail)
    {
        for (var i = 0; i < credentials.Env.Count; i++)
        {
            if (!NameRules.IsVariable(credentials.Env[i].Name))
                fail($"spec.credentials.env[{i}].name", $"\"{credentials.Env[i].Name}\" is no name of an environment variable: use letters, digits and '_'");
            CheckKey($"spec.credentials.env[{i}].key", credentials.Env[i].Key);
        }
        for (var i = 0; i < credentials.Files.Count; i++)
        {
            if (PathRules.RelativePathProblem(credentials.Files[i].Path) is { } problem)
                fail($"spec.credentials.files[{i}].path", problem);
            CheckKey($"spec.credentials.files[{i}].key", credentials.Files[i].Key);
        }

        void CheckKey(string path, string key)
        {
            if (!NameRules.IsDataKey(key))
                fail(path, $"\"{key}\" is no key of a Secret: use letters, digits, '-', '_' and '.'");
        }
    }

    private static void CheckNetwork(ProfileNetworkPolicy? network, Fail fail)
    {
        if (network is null)
            return;
        CheckPorts("clients", network.Clients);
        CheckPorts("peers", network.Peers);
        CheckPorts("operator", network.Operator);

        void CheckPorts(string name, List<int> ports)
        {
            for (var i = 0; i < ports.Count; i++)
                CheckPort($"spec.networkPolicy.{name}[{i}]", ports[i], fail);
        }
    }

    private static void CheckPort(string path, int port, Fail fail)
    {
        if (port is < 1 or > 65535)
            fail(path, $"{port} is no port: use a number from 1 to 65535");
    }

    private static void CheckImage(string path, string? image, Fail fail)
    {
        if (string.IsNullOrEmpty(image))
            fail(path, "is required: name the image with a tag or digest");
        else if (image[0] is '-' or '/' || image.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is '$' or '"'))
            fail(path, $"\"{image}\" is no image: write registry/name:tag or registry/name@sha256:…");
    }
}
