using System.Text;
using System.Text.Json.Nodes;

namespace Sluice.Cli;

/// <summary>Shows what was decided: results on standard output, warnings and denials on standard error.</summary>
internal sealed class OutcomePrinter(Terminal terminal, OutputFormat format)
{
    /// <summary>
    /// Prints and gives the exit code. Whole manifests are printed only when no pod is denied, so that a half-good file
    /// never reaches <c>kubectl apply</c> through a pipe. Applies the patches to <paramref name="manifests"/>.
    /// </summary>
    /// <param name="manifests">Everything that was read, pods or not.</param>
    /// <param name="outcomes">Of the pods in it.</param>
    public int Print(IReadOnlyList<JsonObject> manifests, IReadOnlyList<PodOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
            Tell(outcome);
        var denied = outcomes.Any(o => o.Denial is not null);
        switch (format)
        {
            case OutputFormat.Patch:
                PrintPatches(outcomes);
                break;
            case OutputFormat.Diff:
                PrintDiffs(outcomes);
                break;
            default:
                if (!denied)
                    PrintManifests(manifests, outcomes);
                break;
        }
        return denied ? ExitCode.Refused : ExitCode.Done;
    }

    private void Tell(PodOutcome outcome)
    {
        foreach (var warning in outcome.Warnings)
            terminal.Error.WriteLine($"Warning: {outcome.Target}: {warning}");
        if (outcome.Denial is not null)
            terminal.Error.WriteLine($"Error: {outcome.Target}: {outcome.Denial}");
        else if (outcome.IsUnchanged && format is OutputFormat.Patch or OutputFormat.Diff)
            terminal.Error.WriteLine($"{outcome.Target}: unchanged");
    }

    private void PrintPatches(IReadOnlyList<PodOutcome> outcomes)
    {
        foreach (var outcome in outcomes.Where(o => o.Denial is null))
        {
            if (outcomes.Count > 1)
                terminal.Out.WriteLine($"# {outcome.Target}");
            terminal.Out.WriteLine(outcome.Patch is { } patch ? Json(JsonNodes.Of(patch)!) : "[]");
        }
    }

    private void PrintDiffs(IReadOnlyList<PodOutcome> outcomes)
    {
        foreach (var outcome in outcomes.Where(o => o.Denial is null))
        {
            var before = Yaml(outcome.Target.Manifest);
            Apply(outcome);
            terminal.Out.Write(UnifiedDiff.Of(before, Yaml(outcome.Target.Manifest), $"{outcome.Target}", $"{outcome.Target} (injected)", terminal));
        }
    }

    private void PrintManifests(IReadOnlyList<JsonObject> manifests, IReadOnlyList<PodOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
            Apply(outcome);
        if (format == OutputFormat.Json)
            terminal.Out.WriteLine(Json(manifests.Count == 1 ? manifests[0] : ListOf(manifests)));
        else
            terminal.Out.Write(string.Join("---\n", manifests.Select(Yaml)));
    }

    private static void Apply(PodOutcome outcome)
    {
        if (outcome.Patch is not { } patch)
            return;
        try
        {
            PatchApplier.Apply(outcome.Target.Manifest, patch);
        }
        catch (PatchException e)
        {
            throw new UnusableInputException($"{outcome.Target}: the patch does not fit: {e.Message}");
        }
    }

    /// <summary>One JSON text for several objects, as kubectl prints them.</summary>
    private static JsonObject ListOf(IReadOnlyList<JsonObject> manifests) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "List",
        ["items"] = new JsonArray([.. manifests]),
    };

    private static string Json(JsonNode node) => Encoding.UTF8.GetString(JsonNodes.ToBytes(node, indented: true).Span);

    private static string Yaml(JsonObject manifest)
    {
        using var document = JsonNodes.ParseDocument(JsonNodes.ToBytes(manifest));
        return Api.Manifests.YamlWriter.Write(document.RootElement);
    }
}
