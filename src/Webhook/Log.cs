namespace Sluice.Webhook;

/// <summary>
/// Every message of the webhook. Field names are an interface: dashboards and queries use them. Values that users or
/// clients wrote come cut to a bearable length and without control characters; no message ever holds a pod.
/// </summary>
internal static partial class Log
{
    private static readonly EventId DecidedId = new(100, nameof(Decided));

    public static void Decided(ILogger logger, in DecisionLine line) =>
        logger.Log(LogLevel.Information, DecidedId, line, null, static (line, _) => line.ToString());

    [LoggerMessage(101, LogLevel.Error, "The decision failed and the pod was denied: uid {uid}, namespace {namespace}, pod {pod}")]
    public static partial void DecisionFailed(ILogger logger, Exception exception, string uid, string nameSpace, string pod);

    [LoggerMessage(102, LogLevel.Warning, "Answered HTTP {status}, no review: {message}")]
    public static partial void Refused(ILogger logger, int status, string message);

    [LoggerMessage(103, LogLevel.Information, "Validated {operation} of {resource} in {durationMs} ms: {reason} {message}, uid {uid}, user {user}")]
    public static partial void Validated(
        ILogger logger, string uid, string operation, string resource, string user, Validation.VerdictReason reason, double durationMs, string message);

    [LoggerMessage(104, LogLevel.Error, "Validating failed and the object was denied: uid {uid}, {resource}")]
    public static partial void ValidationFailed(ILogger logger, Exception exception, string uid, string resource);

    [LoggerMessage(200, LogLevel.Information, "Listening on {address}, metrics on {metricsAddress}, version {version}")]
    public static partial void Listening(ILogger logger, string address, string metricsAddress, string version);

    [LoggerMessage(201, LogLevel.Information, "Rehearsed a decision in {durationMs} ms")]
    public static partial void Rehearsed(ILogger logger, double durationMs);

    [LoggerMessage(202, LogLevel.Information, "Stopping: not ready any more, listening for another {delaySeconds} s, then finishing what is in flight")]
    public static partial void Stopping(ILogger logger, double delaySeconds);

    [LoggerMessage(203, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(300, LogLevel.Information,
        "Catalog loaded from {files} files in {durationMs} ms: {datasets} datasets, {runtimes} runtimes, {profiles} profiles, {policies} policies, {namespaces} namespaces")]
    public static partial void CatalogLoaded(
        ILogger logger, int files, double durationMs, int datasets, int runtimes, int profiles, int policies, int namespaces);

    [LoggerMessage(301, LogLevel.Error, "Catalog not loaded, {errors} errors, the last good one stays: {message}")]
    public static partial void CatalogBroken(ILogger logger, int errors, string message);

    [LoggerMessage(302, LogLevel.Warning, "Directory {directory} cannot be watched, changes are seen by polling alone: {message}")]
    public static partial void CannotWatch(ILogger logger, string directory, string message);

    [LoggerMessage(303, LogLevel.Debug, "Catalog: passed over {objects} objects of {kind}, which no decision uses")]
    public static partial void CatalogSkipped(ILogger logger, int objects, string kind);

    [LoggerMessage(310, LogLevel.Information,
        "Catalog in step with {server} after {durationMs} ms: {datasets} datasets, {runtimes} runtimes, {profiles} profiles, {policies} policies, {namespaces} namespaces")]
    public static partial void CatalogInStep(
        ILogger logger, string server, double durationMs, int datasets, int runtimes, int profiles, int policies, int namespaces);

    [LoggerMessage(311, LogLevel.Warning, "Catalog: {message}")]
    public static partial void CatalogTrouble(ILogger logger, string message);

    [LoggerMessage(312, LogLevel.Warning, "A pod names what the catalog lacks, and looking it up failed: {message}")]
    public static partial void LookupFailed(ILogger logger, string message);

    [LoggerMessage(313, LogLevel.Warning, "Status of a TenantPolicy not written: {message}")]
    public static partial void PolicyStatusNotWritten(ILogger logger, string message);

    [LoggerMessage(400, LogLevel.Information, "Serving certificate {source}: SHA-256 {fingerprint}, valid until {notAfter:O}")]
    public static partial void CertificateLoaded(ILogger logger, string source, string fingerprint, DateTimeOffset notAfter);

    [LoggerMessage(401, LogLevel.Error, "Serving certificate not loaded, the last good one stays: {message}")]
    public static partial void CertificateBroken(ILogger logger, string message);

    [LoggerMessage(402, LogLevel.Information, "Certificates renewed, {reason}: authority until {authorityNotAfter:O}, serving certificate until {notAfter:O}")]
    public static partial void CertificatesRenewed(ILogger logger, string reason, DateTimeOffset authorityNotAfter, DateTimeOffset notAfter);

    [LoggerMessage(403, LogLevel.Error, "Certificates not renewed: {message}")]
    public static partial void RenewalFailed(ILogger logger, string message);

    [LoggerMessage(404, LogLevel.Warning, "Certificates: {message}")]
    public static partial void CertificateTrouble(ILogger logger, string message);

    [LoggerMessage(405, LogLevel.Information, "This replica holds the Lease: it renews {secret}")]
    public static partial void RenewsCertificates(ILogger logger, string secret);
}
