using System.Globalization;
using System.Net;

namespace Sluice.Cluster.Tests.Providers;

/// <summary><c>/proc/net/route</c> as proc_net_route(5) has it: a line of names, then interface, destination, gateway, …, in hexadecimal of this machine's byte order.</summary>
internal static class RouteTable
{
    /// <summary>Where the default route leads; null when there is none.</summary>
    public static IPAddress? Gateway(string table)
    {
        foreach (var line in table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            var fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 3 && fields[1] == "00000000" && uint.TryParse(fields[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var gateway) && gateway != 0)
                return new IPAddress(BitConverter.GetBytes(gateway));
        }
        return null;
    }
}
