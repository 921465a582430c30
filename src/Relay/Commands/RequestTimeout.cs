using System.Globalization;

namespace Sluice.Relay.Commands;

/// <summary>
/// Linux 6.15 and newer can abort a mount on which one request waits too long (fs.fuse.default_request_timeout and
/// max_request_timeout, seconds; 0: never). That must not happen while requests wait for a client.
/// </summary>
internal static class RequestTimeout
{
    /// <summary>Why a session cannot keep what it promises on this node, and what helps; null where it can.</summary>
    public static string? Conflict(TimeSpan clientTimeout, string directory = "/proc/sys/fs/fuse")
    {
        foreach (string name in new[] { "default_request_timeout", "max_request_timeout" })
        {
            int seconds = Seconds(Path.Combine(directory, name));
            if (seconds > 0 && clientTimeout.TotalSeconds >= seconds)
                return $"fs.fuse.{name} is {seconds} s on this node: the kernel would abort the mount before --client-timeout ({clientTimeout.TotalSeconds:0} s) is over. Give a shorter --client-timeout, or set the sysctl to 0";
        }
        return null;
    }

    private static int Seconds(string path)
    {
        try
        {
            return int.Parse(File.ReadAllText(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return 0; // an older kernel
        }
    }
}
