namespace Sluice.Webhook;

/// <summary>
/// Keeps <see cref="CatalogState"/> as a directory of manifests says. A change is seen by inotify, or by the poll where
/// inotify does not reach (network file systems, directories behind symlinks). All files load together or none does.
/// </summary>
internal sealed class CatalogFiles(CatalogDirectory directory, CatalogState state, TimeProvider time, ILogger<CatalogFiles> logger)
    : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    // An editor or a kubelet changes several entries at once: wait for quiet, but not for ever.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxNoise = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _changed = new(0);
    private int? _loaded; // fingerprint of what was loaded last; only the loop uses it
    private bool _warned; // likewise

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        FileSystemWatcher? watcher = null;
        try
        {
            var changed = true;
            while (!stoppingToken.IsCancellationRequested)
            {
                watcher ??= TryWatch();
                LoadIf(changed);
                changed = await _changed.WaitAsync(Poll, stoppingToken);
                if (changed)
                    await SettleAsync(stoppingToken);
                if (!Directory.Exists(directory.Path))
                {
                    watcher?.Dispose();
                    watcher = null;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            watcher?.Dispose();
        }
    }

    public override void Dispose()
    {
        _changed.Dispose();
        base.Dispose();
    }

    /// <summary>Loads the directory when something <paramref name="changed"/>, or when it looks different than at the last load.</summary>
    private void LoadIf(bool changed)
    {
        // Taken before reading: what changes meanwhile makes the next poll load again.
        var fingerprint = directory.Fingerprint();
        if (!changed && fingerprint == _loaded)
        {
            if (state.IsLoaded && state.Errors.Count == 0)
                state.Confirm();
            return;
        }
        var started = time.GetTimestamp();
        var reading = directory.Read();
        _loaded = fingerprint;
        foreach (var (kind, count) in reading.Skipped)
            Log.CatalogSkipped(logger, count, AdmissionResponse.OneLine(kind, 512));
        if (reading.Catalog is not { } catalog)
        {
            state.Fail(reading.Errors);
            Log.CatalogBroken(logger, reading.Errors.Count, AdmissionResponse.OneLine(string.Join("; ", reading.Errors), 4096));
            return;
        }
        state.Load(catalog);
        CatalogState.ReturnMemory();
        Log.CatalogLoaded(
            logger, reading.FileCount, time.GetElapsedTime(started).TotalMilliseconds,
            catalog.DatasetCount, catalog.RuntimeCount, catalog.ProfileCount, catalog.Policies.Length, catalog.NamespaceCount);
    }

    private FileSystemWatcher? TryWatch()
    {
        try
        {
            var watcher = new FileSystemWatcher(directory.Path) { IncludeSubdirectories = true };
            watcher.Changed += (_, _) => Signal();
            watcher.Created += (_, _) => Signal();
            watcher.Deleted += (_, _) => Signal();
            watcher.Renamed += (_, _) => Signal();
            watcher.Error += (_, _) => Signal();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // Open: the poll sees changes later, and a missing directory is reported by the load itself.
            if (!_warned)
                Log.CannotWatch(logger, directory.Path, e.Message);
            _warned = true;
            return null;
        }
    }

    private void Signal()
    {
        try
        {
            if (_changed.CurrentCount == 0)
                _changed.Release();
        }
        catch (ObjectDisposedException)
        {
            // An event that came while the host was taken down.
        }
    }

    private async Task SettleAsync(CancellationToken token)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < MaxNoise && await _changed.WaitAsync(Quiet, token))
        {
        }
    }
}
