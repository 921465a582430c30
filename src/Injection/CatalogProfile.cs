using System.Collections.Immutable;
using Sluice.Api;
using Sluice.Api.Validation;

namespace Sluice.Injection;

/// <summary>A RuntimeProfile in a snapshot, its templates and option patterns compiled.</summary>
public sealed class CatalogProfile
{
    public CatalogProfile(RuntimeProfile resource)
    {
        Resource = resource;
        var fuse = resource.Spec.Fuse;
        Command = Parse(fuse.Command);
        Environment = Parse(fuse.Env.ConvertAll(e => e.Value));
        WaitFor = Parse(fuse.WaitFor);
        foreach (var (scheme, variables) in resource.Spec.SchemeVars)
        {
            var templates = new Dictionary<string, Template>(StringComparer.Ordinal);
            foreach (var (name, text) in variables)
            {
                if (text.Contains("${scheme.", StringComparison.Ordinal))
                    Problem ??= $"schemeVars.{scheme}.{name} uses ${{scheme.…}} itself, which would never end";
                templates[name] = Parse([text])[0];
            }
            SchemeVariables[scheme] = templates;
        }
        Options = new CompiledOptions(resource.Spec);
        CacheVolumeSize = CacheVolume.SizeLimit(fuse.CacheSize);
    }

    public RuntimeProfile Resource { get; }
    public string Name => Resource.Metadata.Name;
    internal ImmutableArray<Template> Command { get; }
    internal ImmutableArray<Template> Environment { get; }
    internal ImmutableArray<Template> WaitFor { get; }
    internal Dictionary<string, Dictionary<string, Template>> SchemeVariables { get; } = new(StringComparer.Ordinal);
    public CompiledOptions Options { get; }
    internal Quantity? CacheVolumeSize { get; }

    /// <summary>Why the templates cannot be used; null when they can. Validation finds it first, where it runs.</summary>
    internal string? Problem { get; private set; }

    private ImmutableArray<Template> Parse(List<string> texts)
    {
        var templates = ImmutableArray.CreateBuilder<Template>(texts.Count);
        foreach (var text in texts)
        {
            if (!Template.TryParse(text, out var template, out var error))
                Problem ??= error;
            templates.Add(template);
        }
        return templates.MoveToImmutable();
    }
}
