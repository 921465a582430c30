namespace Sluice.Mounter.Sessions;

/// <summary>
/// Tells a pod whether its data is there. The pod is the one to which the asked session belongs; a session that was published
/// without a pod (by hand) knows only itself. On the session loop.
/// </summary>
internal sealed class StartGate(IReadOnlyDictionary<string, MountSession> sessions)
{
    /// <summary>Which of the datasets is not served yet, and why, for people; empty when all are.</summary>
    /// <param name="askedId">The session through whose socket the question came.</param>
    /// <param name="datasets">NAMESPACE/NAME of each.</param>
    public string WaitingFor(string askedId, IReadOnlyList<string> datasets)
    {
        if (!sessions.TryGetValue(askedId, out var asked))
            return "the session is being removed";
        foreach (string dataset in datasets)
        {
            var session = sessions.Values.FirstOrDefault(s => s.Request.Dataset == dataset && IsOfSamePod(asked, s));
            if (session is null)
                return $"{dataset}: kubelet has not published its volume yet";
            if (session.State != SessionState.Serving)
                return $"{dataset}: {Reason(session)}";
        }
        return "";
    }

    private static bool IsOfSamePod(MountSession asked, MountSession other) =>
        other == asked || (asked.Request.Pod.Length > 0 && asked.Request.Pod == other.Request.Pod);

    private static string Reason(MountSession session) => session.State switch
    {
        SessionState.Starting => "its client has not answered yet",
        SessionState.Absent => $"its client ended ({session.AbsentReason})",
        SessionState.Closed => "its session has ended",
        _ => "its sidecar has not connected yet",
    };
}
