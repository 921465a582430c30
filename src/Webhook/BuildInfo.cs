using System.Reflection;

namespace Sluice.Webhook;

/// <summary>What was built: version and commit.</summary>
internal static class BuildInfo
{
    public static string Version { get; } =
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>How API servers see this program.</summary>
    public static string UserAgent { get; } = $"sluice-webhook/{Version}";
}
