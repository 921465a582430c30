using System.Text;
using Sluice.Relay.Mounting;
using Sluice.Session;

namespace Sluice.Relay.Client;

/// <summary>
/// Credentials that came from kubelet over the mounter, and never became an object in the pod's namespace: as variables of
/// the client and as files that only this container sees. Never in a log.
/// </summary>
internal sealed class Credentials(RelayOptions options, string directory)
{
    /// <summary>Waits for them where the profile wants some, writes the files, and returns the options with the variables.</summary>
    /// <exception cref="IOException">They did not come, or lack a key.</exception>
    public RelayOptions Apply(MounterConnection mounter)
    {
        if (options.SecretVariables.Count == 0 && options.SecretFiles.Count == 0)
            return options;
        var secret = mounter.WaitForSecret(options.StartTimeout)
            ?? throw new IOException($"the mounter brought no credentials within {options.StartTimeout.TotalSeconds:0} s: look at nodePublishSecretRef of the volume");
        WriteFiles(secret);
        mounter.SecretChanged = WriteFiles; // variables of a running process stay what they are
        return options with
        {
            ClientEnvironment = [.. options.SecretVariables.Select(v => $"{v.Key}={Encoding.UTF8.GetString(Value(secret, v.Value))}")],
        };
    }

    private void WriteFiles(Secret secret)
    {
        if (options.SecretFiles.Count == 0)
            return;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var (path, key) in options.SecretFiles)
        {
            string target = Path.GetFullPath(Path.Combine(directory, path));
            if (!target.StartsWith(directory + "/", StringComparison.Ordinal))
                throw new IOException($"--secret-file: \"{path}\" leads out of {directory}");
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            string half = target + ".new";
            File.Delete(half);
            using (var file = new FileStream(half, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
                file.Write(Value(secret, key));
            File.Move(half, target, overwrite: true);
        }
    }

    private static byte[] Value(Secret secret, string key) =>
        secret.Values.TryGetValue(key, out byte[]? value) ? value : throw new IOException($"the Secret has no key \"{key}\", which the profile wants");
}
