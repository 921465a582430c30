using System.Net.Sockets;
using System.Text;

namespace Sluice.Cluster.Tests.Providers;

public sealed class DockerEngineTests
{
    [Fact]
    public void Sockets_are_looked_for_where_Testcontainers_does()
    {
        Assert.Equal(["unix:///var/run/docker.sock", "unix:///run/user/7/docker.sock"], Candidates([("XDG_RUNTIME_DIR", "/run/user/7")]), StringComparer.Ordinal);
        Assert.Equal(["tcp://engine:2375/"], Candidates([("DOCKER_HOST", "tcp://engine:2375")]), StringComparer.Ordinal);
        Assert.Empty(Candidates([("DOCKER_HOST", "nonsense")]));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", true)]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("SSH-2.0-nonsense\r\n", false)]
    public async Task An_engine_is_what_answers_a_ping(string answer, bool expected)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("sluice-docker-").FullName, "docker.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var asked = Task.Run(() => DockerEngine.Answers(new Uri($"unix://{path}")), TestContext.Current.CancellationToken);
        using (var client = await listener.AcceptAsync(TestContext.Current.CancellationToken))
        {
            var request = new byte[4096];
            var read = await client.ReceiveAsync(request, TestContext.Current.CancellationToken);
            Assert.StartsWith("GET /_ping ", Encoding.ASCII.GetString(request, 0, read), StringComparison.Ordinal);
            await client.SendAsync(Encoding.ASCII.GetBytes(answer), TestContext.Current.CancellationToken);
        }
        Assert.Equal(expected, await asked);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void Nobody_at_a_socket_is_no_engine() => Assert.False(DockerEngine.Answers(new Uri("unix:///nowhere/docker.sock")));

    private static IEnumerable<string> Candidates((string Name, string Value)[] variables) =>
        DockerEngine.Candidates(new ProviderEnvironment(name => Array.Find(variables, v => v.Name == name).Value, _ => false, _ => false)).Select(u => u.ToString());
}
