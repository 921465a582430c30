using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Sluice.Recovery.Tests;

/// <summary>
/// The tests run as the first program of PID and mount namespaces of their own: when they end, however they end, the kernel
/// kills what they started and takes their mounts away.
/// </summary>
internal static unsafe partial class OwnNamespaces
{
    private const string Mark = "SLUICE_RECOVERY_TESTS_NAMESPACES";
    private static readonly string[] Unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"];

    /// <summary>Whether this process is in them.</summary>
    public static bool Entered { get; } = Environment.GetEnvironmentVariable(Mark) is not null;

    /// <summary>Goes on as the same program in new namespaces, if this process may have them; else returns.</summary>
    public static void EnterWith(string[] arguments)
    {
        if (Entered || !Environment.IsPrivilegedProcess || !MayUnshare())
            return;
        Environment.SetEnvironmentVariable(Mark, "1");
        // A shell as process 1: it collects the orphans of killed relays, which a program that waits for its own children does not.
        string[] command = [.. Unshare, "sh", "-c", "\"$0\" \"$@\"; exit $?", Environment.ProcessPath!, .. arguments];
        _ = execve(Text("/usr/bin/unshare"), Vector(command), Vector([.. Variables()]));
        Console.Error.WriteLine($"execve(/usr/bin/unshare): error {Marshal.GetLastPInvokeError()}");
    }

    private static bool MayUnshare()
    {
        if (!File.Exists("/usr/bin/unshare"))
            return false;
        using var probe = Process.Start(new ProcessStartInfo("/usr/bin/unshare", [.. Unshare[1..], "true"]) { RedirectStandardError = true, UseShellExecute = false })!;
        probe.WaitForExit();
        return probe.ExitCode == 0;
    }

    private static IEnumerable<string> Variables()
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
            yield return $"{variable.Key}={variable.Value}";
    }

    private static byte** Vector(string[] items)
    {
        byte** vector = (byte**)NativeMemory.AllocZeroed((nuint)(items.Length + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < items.Length; i++)
            vector[i] = Text(items[i]);
        return vector;
    }

    private static byte* Text(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        byte* bytes = (byte*)NativeMemory.AllocZeroed((nuint)length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, length));
        return bytes;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int execve(byte* path, byte** arguments, byte** environment);
}
