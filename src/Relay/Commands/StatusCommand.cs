using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Linux;

namespace Sluice.Relay.Commands;

/// <summary><c>sluice-relay status</c>: how the session of this sidecar is.</summary>
internal static class StatusCommand
{
    public static Command Build()
    {
        var state = new Option<string>("--state") { Description = "The relay's private directory.", DefaultValueFactory = _ => "/sluice-state" };
        var output = new Option<string>("--output", "-o") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        var command = new Command("status", "Show the client, its restarts, open files, requests in flight and the last recovery.") { state, output };
        command.SetAction(result => Run(result.GetRequiredValue(state), result.GetValue(output) == "json"));
        return command;
    }

    /// <summary>The report of the relay that runs with this private directory, as JSON.</summary>
    /// <exception cref="LinuxException">None runs there.</exception>
    public static byte[] Ask(string directory)
    {
        using var connection = SocketMessages.Connect(Path.Combine(directory, StatusSocket.Name));
        byte[] buffer = new byte[StatusSocket.MaxLength];
        return buffer[..SocketMessages.Receive(connection, buffer, out _)];
    }

    private static int Run(string directory, bool json)
    {
        byte[] report;
        try
        {
            report = Ask(directory);
        }
        catch (LinuxException e)
        {
            return Program.Fail($"no relay answers in {directory} ({e.Message}): give its --state directory");
        }
        if (json)
        {
            Console.WriteLine(Encoding.UTF8.GetString(report));
            return 0;
        }
        using var document = JsonDocument.Parse(report);
        foreach (var property in document.RootElement.EnumerateObject())
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{property.Name + ":",-18} {property.Value}"));
        return 0;
    }
}
