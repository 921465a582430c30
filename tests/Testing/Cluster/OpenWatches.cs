using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Sluice.Testing.Cluster;

/// <summary>The watches that clients of an <see cref="ApiServerDouble"/> have open, and what can befall them.</summary>
public sealed class OpenWatches(ObjectStore store)
{
    private readonly Lock _gate = new();
    private readonly List<OpenWatch> _open = []; // guarded by _gate
    private volatile bool _silent;

    public int Count
    {
        get
        {
            lock (_gate)
                return _open.Count;
        }
    }

    /// <summary>While set, connections stay open and nothing is sent: the other side is half dead.</summary>
    public bool Silent { get => _silent; set => _silent = value; }

    /// <summary>Ends all as a server does whose timeout is over.</summary>
    public void End() => Each(watch => watch.Ended.TrySetResult());

    /// <summary>Breaks the connections.</summary>
    public void Cut() => Each(watch => watch.Context.Abort());

    /// <summary>Sends each a bookmark at the store's version.</summary>
    public Task BookmarkAsync() => SendAsync($"{{\"type\":\"BOOKMARK\",\"object\":{{\"metadata\":{{\"resourceVersion\":\"{store.Version}\"}}}}}}\n");

    /// <summary>Sends each this text as it is.</summary>
    public Task SendAsync(string text) => Task.WhenAll(Snapshot().Select(watch => watch.SendAsync(Encoding.UTF8.GetBytes(text))));

    internal async Task ServeAsync(HttpContext context, RequestPath path, RecordedRequest request)
    {
        var version = long.Parse(request.Query.GetValueOrDefault("resourceVersion", "0"), CultureInfo.InvariantCulture);
        context.Response.ContentType = "application/json";
        await context.Response.Body.FlushAsync(context.RequestAborted);
        using var watch = new OpenWatch(context);
        lock (_gate)
            _open.Add(watch);
        try
        {
            while (!watch.Ended.Task.IsCompleted)
            {
                var changed = store.Changed;
                if (!_silent && !await SendSinceAsync())
                    return;
                await Task.WhenAny(changed, watch.Ended.Task).WaitAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The client went, or was cut off.
        }
        finally
        {
            lock (_gate)
                _open.Remove(watch);
        }

        async Task<bool> SendSinceAsync()
        {
            if (store.Since(path.Collection, path.Namespace, version) is not var (events, reached))
            {
                await watch.SendAsync(Encoding.UTF8.GetBytes($"{{\"type\":\"ERROR\",\"object\":{ApiStatus.Json(410, "Expired", "too old resource version")}}}\n"));
                return false;
            }
            version = reached;
            using var text = new MemoryStream();
            foreach (var e in events)
            {
                text.Write(Encoding.UTF8.GetBytes($"{{\"type\":\"{e.Type}\",\"object\":"));
                text.Write(e.Json);
                text.Write("}\n"u8);
            }
            if (text.Length > 0)
                await watch.SendAsync(text.ToArray());
            return true;
        }
    }

    private void Each(Action<OpenWatch> action)
    {
        foreach (var watch in Snapshot())
            action(watch);
    }

    private List<OpenWatch> Snapshot()
    {
        lock (_gate)
            return [.. _open];
    }

    private sealed class OpenWatch(HttpContext context) : IDisposable
    {
        private readonly SemaphoreSlim _writing = new(1);

        public HttpContext Context { get; } = context;
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task SendAsync(byte[] text)
        {
            await _writing.WaitAsync(Context.RequestAborted);
            await Context.Response.Body.WriteAsync(text, Context.RequestAborted);
            await Context.Response.Body.FlushAsync(Context.RequestAborted);
            _writing.Release();
        }

        public void Dispose() => _writing.Dispose();
    }
}
