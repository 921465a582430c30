namespace Sluice.Mounter;

/// <summary>Everything that can be set from outside, validated. Nothing else reads arguments or the environment.</summary>
/// <param name="Root">The mounter's directory on the node, absolute: sessions and sockets.</param>
/// <param name="ReapBelow">Mounts of ours below this directory that no session of <paramref name="Root"/> knows are taken away.</param>
/// <param name="RelayTimeout">A session without a relay for so long is closed; zero: never.</param>
internal sealed record MounterOptions(string Root, string ReapBelow, TimeSpan RelayTimeout)
{
    /// <summary>Where kubelet mounts volumes.</summary>
    public const string Kubelet = "/var/lib/kubelet";
}
