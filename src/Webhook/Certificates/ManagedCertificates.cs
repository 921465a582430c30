using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sluice.Kube;

namespace Sluice.Webhook.Certificates;

/// <summary>
/// Self-managed certificates. Every replica serves what the Secret says, from the moment it says so; the one that holds the Lease renews
/// what the Secret holds (<see cref="Renewal"/>) and puts the authorities into both webhook configurations (<see cref="WebhookBundles"/>).
/// Whoever leads keeps nothing that the next one would need: Secret and configurations are read each time.
/// </summary>
internal sealed class ManagedCertificates : BackgroundService
{
    /// <summary>How long a bundle must have been in the configurations before anything new is signed: API servers see a change within seconds.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly ApiResource Secrets = new("", "v1", "secrets", Namespaced: true);

    private readonly ApiClient _client;
    private readonly ApiObject _secret;
    private readonly string[] _names;
    private readonly ServingCertificate _serving;
    private readonly WebhookBundles _bundles;
    private readonly Reflector<CertificateSet> _reflector;
    private readonly LeaderLease _lease;
    private readonly EventRecorder _events;
    private readonly EventTarget _target;
    private readonly TimeProvider _time;
    private readonly ILogger<ManagedCertificates> _logger;

    // Owned by whoever leads, which is one task at a time.
    private string? _settledBundle; // what both configurations hold
    private long _settledAt; // our clock, since when

    private volatile CertificateSet? _current; // as last read by this replica
    private long _failures;

    public ManagedCertificates(
        ClusterAccess cluster, WebhookOptions.ServiceName service, ServingCertificate serving, TimeProvider time, ILogger<ManagedCertificates> logger)
    {
        var name = $"{service.Name}-certificates";
        var instance = $"{Environment.MachineName}_{Guid.NewGuid():N}";
        _client = new ApiClient(cluster, new ApiClientOptions { UserAgent = BuildInfo.UserAgent }, time);
        _secret = Secrets.Object(service.Namespace, name);
        _names = [$"{service.Name}.{service.Namespace}.svc", $"{service.Name}.{service.Namespace}.svc.cluster.local", $"{service.Name}.{service.Namespace}"];
        _serving = serving;
        _bundles = new WebhookBundles(_client, service.Name, name);
        _reflector = new Reflector<CertificateSet>(
            _client, new ReflectorOptions { Resource = Secrets, Namespace = service.Namespace, Query = new ListQuery { FieldSelector = $"metadata.name={name}" } },
            Project, Apply, Report, time);
        _lease = new LeaderLease(_client, new LeaseOptions { Namespace = service.Namespace, Name = name, Identity = instance }, time, Report);
        _events = new EventRecorder(_client, "sluice.io/webhook", instance, time, Report);
        _target = new EventTarget("v1", "Secret", service.Namespace, name, Uid: null);
        _time = time;
        _logger = logger;
    }

    /// <summary>When the authority that signs ends; null before there is one.</summary>
    public DateTimeOffset? AuthorityNotAfter => _current is { } set ? new DateTimeOffset(set.Authorities[0].NotAfter).ToUniversalTime() : null;

    /// <summary>Attempts to renew that failed here.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Whether it is this replica that renews.</summary>
    public bool Leads => _lease.IsHeld;

    public override void Dispose()
    {
        _client.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_reflector.RunAsync(stoppingToken), ElectAsync(stoppingToken));

    /// <summary>Leads whenever it may. Losing the Lease is no reason to end: nothing is remembered from leading.</summary>
    private async Task ElectAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
                await _lease.RunAsync(LeadAsync, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private async Task LeadAsync(CancellationToken token)
    {
        _settledBundle = null;
        Log.RenewsCertificates(_logger, _secret.ToString());
        while (true)
        {
            try
            {
                await RenewAsync(token);
            }
            catch (Exception e) when (e is ApiException or CryptographicException or InvalidOperationException && !token.IsCancellationRequested)
            {
                // Open: what is served goes on being served, and there is a third of its life to mend this. A Secret or a configuration that
                // somebody wrote nonsense into must not end the process, and all admissions with it.
                Interlocked.Increment(ref _failures);
                Log.RenewalFailed(_logger, AdmissionResponse.OneLine(e.Message, 1024));
                await _events.RecordAsync(_target, warning: true, "RenewalFailed", "Renew", e.Message, token);
            }
            await Task.Delay(Period, _time, token);
        }
    }

    private async Task RenewAsync(CancellationToken token)
    {
        var secret = await _client.TryGetAsync(_secret, token)
            ?? throw new ApiException("get", _secret.ToString(), 404, "NotFound", "it does not exist: apply the manifests, which hold it");
        var current = CertificateSet.Read(secret, out var problem);
        if (problem is not null)
            Log.RenewalFailed(_logger, AdmissionResponse.OneLine($"{_secret} is made anew: {problem}", 1024));
        if (Renewal.Next(current, _names, _time.GetUtcNow(), IsSettled(current)) is var (next, reason))
        {
            if (!_lease.IsHeld)
                return;
            await _client.UpdateAsync(_secret, next.WriteInto(secret), token);
            Log.CertificatesRenewed(_logger, reason, new DateTimeOffset(next.Authorities[0].NotAfter), new DateTimeOffset(next.Serving.NotAfter));
            await _events.RecordAsync(_target, warning: false, "CertificatesRenewed", "Renew", Note(next, reason), token);
            current = next;
        }
        await _bundles.PutAsync(current!.Bundle, token);
        if (_settledBundle != current.Bundle)
            (_settledBundle, _settledAt) = (current.Bundle, _time.GetTimestamp());
    }

    private bool IsSettled(CertificateSet? current) =>
        current is not null && current.Bundle == _settledBundle && _time.GetElapsedTime(_settledAt) >= Settling;

    private static string Note(CertificateSet set, string reason) => string.Create(
        CultureInfo.InvariantCulture, $"{reason}: authority until {set.Authorities[0].NotAfter.ToUniversalTime():u}, serving certificate until {set.Serving.NotAfter.ToUniversalTime():u}");

    private static CertificateSet? Project(ObjectKey key, JsonElement source, out string? problem)
    {
        var set = CertificateSet.Read(source, out problem);
        problem ??= set is null ? "holds no certificates yet" : null;
        return set;
    }

    private void Apply(ReflectedBatch<CertificateSet> batch)
    {
        foreach (var change in batch.Changes)
        {
            if (change.Value is { } set)
                Serve(set);
            else if (_current is null)
                _serving.Fail(change.Problem is { } problem ? $"{_secret}: {problem}" : $"{_secret} is gone");
        }
    }

    private void Serve(CertificateSet set)
    {
        var same = _current is { } current && current.Serving.RawDataMemory.Span.SequenceEqual(set.Serving.RawDataMemory.Span);
        _current = set;
        if (same)
            return;
        _serving.Load(set.Serving, []);
        Log.CertificateLoaded(_logger, _secret.ToString(), set.Serving.GetCertHashString(HashAlgorithmName.SHA256), new DateTimeOffset(set.Serving.NotAfter));
    }

    private void Report(string trouble) => Log.CertificateTrouble(_logger, AdmissionResponse.OneLine(trouble, 1024));
}
