using System.Text.Json.Serialization;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>What one application did since the report before.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rounds">Rounds that were right.</param>
/// <param name="LongestMilliseconds">The longest round.</param>
/// <param name="Errors">What failed; nothing is forgotten between reports.</param>
/// <param name="Told">Losses that were said.</param>
/// <param name="Hung">It did not come to its end in time.</param>
internal sealed record ApplicationReport(string Name, int Rounds, double LongestMilliseconds, IReadOnlyList<string> Errors, int Told, bool Hung);

[JsonSourceGenerationOptions(WriteIndented = false)]
[JsonSerializable(typeof(List<ApplicationReport>))]
internal sealed partial class ReportJson : JsonSerializerContext;
