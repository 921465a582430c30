using System.Globalization;
using System.Net.Sockets;

namespace Sluice.Relay.Commands;

/// <summary>Servers that a client needs from its first moment: it is started once they take connections.</summary>
internal static class WaitFor
{
    private const int RetryMilliseconds = 500;

    /// <summary>HOST and PORT of <c>tcp://HOST:PORT</c>; null where it is none.</summary>
    public static (string Host, int Port)? Endpoint(string address)
    {
        const string Scheme = "tcp://";
        int colon = address.LastIndexOf(':');
        return address.StartsWith(Scheme, StringComparison.Ordinal) && colon > Scheme.Length
            && int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= 65535
            ? (address[Scheme.Length..colon].Trim('[', ']'), port)
            : null;
    }

    /// <summary>Waits until every address takes a connection. Returns null, or which one did not in time, and why.</summary>
    public static string? All(IReadOnlyList<string> addresses, TimeSpan limit)
    {
        var until = TimeSpan.FromMilliseconds(Environment.TickCount64) + limit;
        foreach (string address in addresses)
        {
            var (host, port) = Endpoint(address)!.Value;
            while (Refusal(host, port) is { } reason)
            {
                if (TimeSpan.FromMilliseconds(Environment.TickCount64) > until)
                    return $"{address} took no connection within {limit.TotalSeconds:0} s: {reason}";
                Thread.Sleep(RetryMilliseconds);
            }
        }
        return null;
    }

    private static string? Refusal(string host, int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            var connection = socket.ConnectAsync(host, port);
            return connection.Wait(TimeSpan.FromSeconds(5)) ? null : "no answer";
        }
        catch (AggregateException e) when (e.InnerException is SocketException refused)
        {
            return refused.Message;
        }
    }
}
