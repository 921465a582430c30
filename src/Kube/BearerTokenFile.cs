using System.Net.Http.Headers;

namespace Sluice.Kube;

/// <summary>
/// A token in a file that somebody else renews, as the kubelet does. Read again when what was read is some seconds old: that
/// sees every way of replacing the file, swapped links included, and costs one small read.
/// </summary>
internal sealed class BearerTokenFile(string path, TimeProvider time)
{
    internal static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(10);

    private const int MaxSize = 64 * 1024; // bytes; arbitrary, far above any token

    private volatile Reading? _reading; // replaced whole; two who read at once read the same

    public AuthenticationHeaderValue Current()
    {
        var reading = _reading;
        return reading is not null && time.GetElapsedTime(reading.At) < MaxAge ? reading.Header : Read();
    }

    /// <summary>Reads now, whatever the age.</summary>
    public AuthenticationHeaderValue Read()
    {
        try
        {
            if (new FileInfo(path).Length > MaxSize)
                throw new ClusterAccessException($"{path} is too large for a token");
            var token = File.ReadAllText(path).Trim();
            if (token.Length == 0 || token.Any(c => c is < '!' or > '~'))
                throw new ClusterAccessException($"{path} holds no token");
            var reading = new Reading(new AuthenticationHeaderValue("Bearer", token), time.GetTimestamp());
            _reading = reading;
            return reading.Header;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ClusterAccessException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private sealed record Reading(AuthenticationHeaderValue Header, long At);
}
