using System.Globalization;
using Sluice.Relay.Fuse;

namespace Sluice.Relay;

/// <summary>
/// What happens to a session, one line each, for <c>kubectl logs</c> and for the terminal of <c>sluice-relay mount</c>. The
/// client's own output goes to the same place. Nothing is said about single requests.
/// </summary>
internal sealed class RelayLog(TextWriter writer, TimeProvider time)
{
    private readonly Lock _gate = new();

    public void Serving(TimeSpan start) => Line($"serving; the client took {Milliseconds(start)} to start");

    public void ClientEnded(string reason) => Line($"client ended: {reason}");

    public void Recovered(TimeSpan pause, TimeSpan start, int repeated) =>
        Line($"recovered in {Milliseconds(pause)}, {Milliseconds(start)} of it the client's own start; {repeated} requests were in flight");

    public void Adopted(int nodes, int handles, int waiting) =>
        Line($"took over a session: {nodes} files known, {handles} open, {waiting} requests wait");

    public void Refused(string reason) => Line($"the state of the relay before this one cannot be used: {reason}. The session starts anew, on a fresh mount; files that are open now fail");

    public void Poisonous(Opcode opcode) => Line($"a {opcode} request was in flight at the deaths of too many clients: answered with EIO");

    public void Lost(int files) => Line($"{files} files had data that the client had not handed on when it died: their next fsync or close says EIO");

    public void Replayed(int files, int writes, long bytes) => Line($"wrote again what the client before had not handed on: {writes} blocks, {bytes >> 10} KiB, of {files} files");

    public void NotReplayed(int files, string path, int errno) =>
        Line($"{files} files had data that could not be written again, {path} among them ({new Linux.LinuxException("write", errno).Message}): their next fsync or close says EIO");

    public void Hung(TimeSpan timeout) => Line($"the client has answered nothing for {timeout.TotalSeconds:0} s: replacing it");

    public void NearMemoryLimit(long current, long limit) => Line($"the container uses {current >> 20} of {limit >> 20} MiB: replacing the client before the kernel kills the container");

    public void DeviceFailed(int errno) => Line($"reading /dev/fuse failed: {new Linux.LinuxException("read", errno).Message}");

    public void Ended(string reason) => Line($"ended: {reason}");

    private void Line(string text)
    {
        lock (_gate)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} sluice-relay: {text}"));
            writer.Flush();
        }
    }

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms");
}
