namespace Sluice.Webhook.Tests;

/// <summary>A directory that goes with the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sluice-webhook-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllText(File(name), text);
    }

    /// <summary>Makes an existing link point elsewhere in one step, as the kubelet does.</summary>
    public void Swap(string link, string target)
    {
        System.IO.File.CreateSymbolicLink(File(link) + "_tmp", target);
        // mv -T: File.Move would move into the directory that the link names.
        using var move = System.Diagnostics.Process.Start("mv", ["-T", File(link) + "_tmp", File(link)]);
        move.WaitForExit();
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
