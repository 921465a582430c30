// The yardstick of the webhook's figures: Kestrel over the same TLS, reading and returning the same bodies, and nothing else.
// Usage: bench-echo PORT CERTIFICATE.pem KEY.pem
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;

var port = int.Parse(args[0], CultureInfo.InvariantCulture);
using var pem = X509Certificate2.CreateFromPemFile(args[1], args[2]);

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseKestrelHttpsConfiguration();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(pem)));
var app = builder.Build();

app.Run(async context =>
{
    var length = (int)(context.Request.ContentLength ?? 0);
    var body = System.Buffers.ArrayPool<byte>.Shared.Rent(length);
    await context.Request.Body.ReadExactlyAsync(body.AsMemory(0, length), context.RequestAborted);
    context.Response.ContentType = "application/json";
    context.Response.ContentLength = length;
    await context.Response.Body.WriteAsync(body.AsMemory(0, length), context.RequestAborted);
    System.Buffers.ArrayPool<byte>.Shared.Return(body);
});

await app.RunAsync();
