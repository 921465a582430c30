using Microsoft.AspNetCore.Connections;

namespace Sluice.Webhook;

/// <summary>
/// Tells requests of the metrics port from the others by a mark on the connection: ports are not known beforehand when
/// port 0 was asked for.
/// </summary>
internal sealed class MetricsListener
{
    private static readonly MetricsListener Instance = new();

    private MetricsListener()
    {
    }

    public static ConnectionDelegate Mark(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(Instance);
        return next(connection);
    };

    /// <summary>Whether the metrics port took this request.</summary>
    public static bool Took(HttpContext context) => context.Features.Get<MetricsListener>() is not null;
}
