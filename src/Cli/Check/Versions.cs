using System.Text.RegularExpressions;

namespace Sluice.Cli.Check;

/// <summary>The oldest versions that are supported, and how versions are written.</summary>
internal static partial class Versions
{
    /// <summary>Match conditions and ValidatingAdmissionPolicy.</summary>
    public static Version ApiServer { get; } = new(1, 30);

    /// <summary>Native sidecars.</summary>
    public static Version Kubelet { get; } = new(1, 29);
    public static Version Kernel { get; } = new(5, 15);

    /// <summary>The first two numbers of <c>v1.31.2+k3s1</c> or <c>6.8.0-40-generic</c>; null for anything else.</summary>
    public static Version? Parse(string? text) =>
        Numbers().Match(text ?? "") is { Success: true } match ? Version.Parse(match.Groups["numbers"].ValueSpan) : null;

    [GeneratedRegex(@"^v?(?<numbers>[0-9]{1,4}\.[0-9]{1,4})", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Numbers();
}
