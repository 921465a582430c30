using Sluice.Session;

namespace Sluice.Relay.Mounting;

/// <summary>Asks the mounter which sessions of this pod are served.</summary>
internal static class ServedSessions
{
    /// <summary>What keeps the pod from starting, for people; null when all sessions are served.</summary>
    /// <param name="volume">The session volume of any of them.</param>
    /// <param name="datasets">NAMESPACE/NAME of each.</param>
    public static string? Missing(string volume, string[] datasets)
    {
        try
        {
            foreach (string[] some in datasets.Chunk(SessionProtocol.MaxDatasets))
            {
                using var channel = SessionChannel.Connect(volume);
                channel.Send(new ServedQuery(some));
                string waiting = channel.Receive(out _) switch
                {
                    ServedAnswer answer => answer.Waiting,
                    Error error => error.Message,
                    _ => "the mounter gave no answer",
                };
                if (waiting.Length > 0)
                    return waiting;
            }
            return null;
        }
        catch (IOException e)
        {
            return $"{string.Join(", ", datasets)} (no mounter answers: {e.Message})";
        }
    }
}
