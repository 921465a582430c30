using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Sluice.Kube;

namespace Sluice.Cluster.Tests.Providers;

/// <summary>What can be known of a control plane without its programs.</summary>
public sealed class ControlPlaneTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sluice-control-plane-tests-").FullName;

    [Fact]
    public void Every_file_that_a_flag_names_is_written()
    {
        ControlPlaneCertificates.Write(_directory, 6443);
        var named = ControlPlaneFlags.ForApiServer(_directory, 6443, 2379).Where(f => f.Contains("-file=", StringComparison.Ordinal)).Select(f => f[(f.IndexOf('=', StringComparison.Ordinal) + 1)..]).ToList();
        Assert.Equal(5, named.Count);
        Assert.All(named, f => Assert.True(File.Exists(f), f));
    }

    [Fact]
    public void Everything_listens_on_loopback_and_finds_each_other()
    {
        var etcd = ControlPlaneFlags.ForEtcd(_directory, 2379, 2380);
        var server = ControlPlaneFlags.ForApiServer(_directory, 6443, 2379);
        Assert.Contains("--listen-client-urls=http://127.0.0.1:2379", etcd, StringComparer.Ordinal);
        Assert.Contains("--listen-peer-urls=http://127.0.0.1:2380", etcd, StringComparer.Ordinal);
        Assert.Contains("--initial-cluster=default=http://127.0.0.1:2380", etcd, StringComparer.Ordinal);
        Assert.Contains("--etcd-servers=http://127.0.0.1:2379", server, StringComparer.Ordinal);
        Assert.Contains("--bind-address=127.0.0.1", server, StringComparer.Ordinal);
        Assert.Contains("--secure-port=6443", server, StringComparer.Ordinal);
        Assert.DoesNotContain(server, f => f.StartsWith("--disable-admission-plugins", StringComparison.Ordinal));
        Assert.All(etcd.Concat(server), f => Assert.StartsWith("--", f, StringComparison.Ordinal));
    }

    [Fact]
    public void The_keys_of_tokens_are_a_pair()
    {
        ControlPlaneCertificates.Write(_directory, 6443);
        using var signer = ECDsa.Create();
        signer.ImportFromPem(File.ReadAllText(Path.Combine(_directory, ControlPlaneCertificates.TokenKeyFile)));
        using var reader = ECDsa.Create();
        reader.ImportFromPem(File.ReadAllText(Path.Combine(_directory, ControlPlaneCertificates.TokenPublicKeyFile)));
        Assert.True(reader.VerifyHash(new byte[32], signer.SignHash(new byte[32])));
        Assert.ThrowsAny<CryptographicException>(() => reader.SignHash(new byte[32]));
    }

    /// <summary>A server with these certificates, which asks for the client's, as an API server does with --client-ca-file.</summary>
    [Fact]
    public async Task The_kubeconfig_leads_to_a_server_with_these_certificates_as_a_member_of_the_masters()
    {
        var port = 0;
        string? subject = null;
        ControlPlaneCertificates.Write(_directory, 0);
        var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_directory, ControlPlaneCertificates.AuthorityFile));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = X509Certificate2.CreateFromPemFile(Path.Combine(_directory, ControlPlaneCertificates.ServingFile), Path.Combine(_directory, ControlPlaneCertificates.ServingKeyFile));
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (certificate, _, _) => IsSignedForClients(certificate, authority);
        })));
        await using var server = builder.Build();
        server.Run(context =>
        {
            subject = context.Connection.ClientCertificate!.Subject;
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync("{}", context.RequestAborted);
        });
        await server.StartAsync(TestContext.Current.CancellationToken);
        port = new Uri(server.Urls.Single()).Port;
        var kubeconfig = Path.Combine(_directory, ControlPlaneCertificates.KubeconfigFile);
        await File.WriteAllTextAsync(kubeconfig, (await File.ReadAllTextAsync(kubeconfig, TestContext.Current.CancellationToken)).Replace("127.0.0.1:0", $"127.0.0.1:{port}", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        using var calls = new ApiCalls(await KubeconfigAccess.OpenAsync(new FileInfo(kubeconfig), null, TestContext.Current.CancellationToken));
        Assert.Equal(200, (await calls.GetAsync("/version")).Code);
        Assert.Contains("O=system:masters", subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_ends_at_once_is_told_of_with_what_it_said_and_nothing_is_left()
    {
        await ProgramAsync(ControlPlaneFlags.Etcd, "echo 'member 1: no such disk' >&2; exit 3");
        await ProgramAsync(ControlPlaneFlags.ApiServer, "exit 0");
        var before = Directory.GetDirectories(Path.GetTempPath(), "sluice-control-plane-??????");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RunningCluster.StartAsync(new ControlPlaneProvider(_directory)));
        Assert.Contains("The program ended and said:\nmember 1: no such disk", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetDirectories(Path.GetTempPath(), "sluice-control-plane-??????"), StringComparer.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static bool IsSignedForClients(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2")); // clientAuth
        return chain.Build(certificate);
    }

    private async Task ProgramAsync(string name, string script)
    {
        var path = Path.Combine(_directory, name);
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{script}\n", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
