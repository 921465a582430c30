using System.Net.Sockets;

namespace Sluice.Cluster.Tests.Providers;

/// <summary>Whether a Docker engine is there. Asked before Testcontainers is: without one it throws, after a while.</summary>
internal static class DockerEngine
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Where one may listen, in the order in which Testcontainers looks.</summary>
    public static IEnumerable<Uri> Candidates(ProviderEnvironment environment)
    {
        if (environment.Set("DOCKER_HOST") is { } named)
        {
            if (Uri.TryCreate(named, UriKind.Absolute, out var address))
                yield return address;
            yield break;
        }
        yield return new Uri("unix:///var/run/docker.sock");
        if (environment.Set("XDG_RUNTIME_DIR") is { } runtime)
            yield return new Uri($"unix://{runtime}/docker.sock");
    }

    /// <summary>Whether something at a socket says OK to Docker's ping.</summary>
    public static bool Answers(Uri address)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var local = address.Scheme == "unix";
                var socket = new Socket(local ? AddressFamily.Unix : AddressFamily.InterNetwork, SocketType.Stream, local ? ProtocolType.Unspecified : ProtocolType.Tcp);
                try
                {
                    if (local)
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.AbsolutePath), token);
                    else
                        await socket.ConnectAsync(address.Host, address.Port, token);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        using var client = new HttpClient(handler);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://docker/_ping");
            using var response = client.Send(request, patience.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or NotSupportedException)
        {
            return false;
        }
    }
}
