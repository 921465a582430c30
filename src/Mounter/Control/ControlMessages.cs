using Sluice.Mounter.Sessions;

namespace Sluice.Mounter.Control;

/// <summary>What the command line asks of the daemon: one of these, in one message. The answer is messages until the end of the connection.</summary>
/// <param name="Publish">Prepare this session.</param>
/// <param name="Unpublish">Remove the session of this id.</param>
/// <param name="Status">Say what every session does.</param>
internal sealed record ControlRequest(SessionRequest? Publish = null, string? Unpublish = null, bool Status = false);

/// <summary>One message of the daemon's answer: an error, a session of the status, the counters at its end, or, empty, that it is done.</summary>
internal sealed record ControlReply(string? Error = null, SessionStatus? Session = null, Counters? Counters = null);
