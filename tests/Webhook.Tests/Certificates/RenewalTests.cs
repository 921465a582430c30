using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Sluice.Webhook.Certificates;

namespace Sluice.Webhook.Tests.Certificates;

/// <summary>Day by day over years: what is served is always believed.</summary>
public sealed class RenewalTests
{
    private static readonly string[] Names = ["sluice-webhook.sluice-system.svc", "sluice-webhook.sluice-system"];
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static CertificateSet First() => Renewal.Next(null, Names, Start, inForce: false)!.Value.Set;

    private static bool Believes(CertificateSet set, X509Certificate2 serving, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(set.Bundle);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        return chain.Build(serving) && serving.MatchesHostname(Names[0]);
    }

    [Fact]
    public void The_first_certificates_are_as_they_should_be()
    {
        var set = First();
        var authority = Assert.Single(set.Authorities);
        Assert.Equal("1.2.840.10045.4.3.2", authority.SignatureAlgorithm.Value); // ecdsa-with-SHA256
        Assert.False(authority.HasPrivateKey);
        Assert.Equal(Start + Renewal.AuthorityValidity, new DateTimeOffset(authority.NotAfter).ToUniversalTime());
        Assert.Equal(Start + Renewal.ServingValidity, new DateTimeOffset(set.Serving.NotAfter).ToUniversalTime());
        Assert.All(Names, name => Assert.True(set.Serving.MatchesHostname(name)));
        Assert.False(set.Serving.MatchesHostname("localhost"));
        Assert.True(Believes(set, set.Serving, Start));
        Assert.Null(Renewal.Next(set, Names, Start, inForce: true));
        Assert.Null(Renewal.Next(set, Names, Start, inForce: false));
    }

    [Fact]
    public void Over_three_years_nothing_is_served_that_the_bundle_in_force_does_not_believe()
    {
        var set = First();
        var (inForce, previous) = (set, set);
        var authorities = new HashSet<string>(StringComparer.Ordinal);
        var serving = new HashSet<string>(StringComparer.Ordinal);
        for (var at = Start; at < Start.AddYears(3); at += TimeSpan.FromHours(6))
        {
            // Bundles come into force six hours late, and a replica serves what was right six hours ago.
            Assert.True(Believes(inForce, set.Serving, at), $"{at:u}");
            Assert.True(Believes(inForce, previous.Serving, at), $"{at:u}");
            authorities.Add(set.Authorities[0].Thumbprint);
            serving.Add(set.Serving.Thumbprint);
            Assert.InRange(set.Authorities.Length, 1, 2);
            previous = set;
            var settled = inForce.Bundle == set.Bundle;
            inForce = set;
            if (Renewal.Next(set, Names, at, settled) is var (next, _))
                set = next;
        }
        Assert.Equal(5, authorities.Count); // every eight months
        Assert.InRange(serving.Count, 18, 24); // every two, and with each new authority
    }

    [Fact]
    public void A_new_authority_signs_nothing_before_its_bundle_is_in_force()
    {
        var set = First();
        var late = Start + (Renewal.AuthorityValidity * 0.7);
        set = Renewal.Next(set, Names, Start.AddDays(85), inForce: true)!.Value.Set; // keep the serving certificate alive until then
        set = Renewal.Next(set, Names, Start.AddDays(170), inForce: true)!.Value.Set;
        set = Renewal.Next(set, Names, Start.AddDays(240), inForce: true)!.Value.Set;
        var (renewed, _) = Renewal.Next(set, Names, late, inForce: true)!.Value;
        Assert.Equal(set.Serving.Thumbprint, renewed.Serving.Thumbprint);
        Assert.Equal(2, renewed.Authorities.Length);
        Assert.Null(Renewal.Next(renewed, Names, late, inForce: false));
        var (signed, reason) = Renewal.Next(renewed, Names, late, inForce: true)!.Value;
        Assert.Equal("the new authority is believed", reason);
        Assert.NotEqual(set.Serving.Thumbprint, signed.Serving.Thumbprint, StringComparer.Ordinal);
        Assert.Equal(renewed.Authorities[0].Subject, signed.Serving.Issuer);
        Assert.Equal(2, signed.Authorities.Length);
        // The old one goes when it ends.
        var ended = Renewal.Next(signed, Names, Start + Renewal.AuthorityValidity, inForce: true)!.Value.Set;
        ended = ended.Authorities.Length == 1 ? ended : Renewal.Next(ended, Names, Start + Renewal.AuthorityValidity, inForce: true)!.Value.Set;
        Assert.Equal(signed.Authorities[0].Thumbprint, Assert.Single(ended.Authorities).Thumbprint);
    }

    [Fact]
    public void What_nobody_should_be_served_is_replaced_at_once()
    {
        var set = First();
        Assert.Equal("the serving certificate was for other names", Renewal.Next(set, ["other.svc"], Start, inForce: false)!.Value.Reason);
        Assert.Equal("the serving certificate had ended", Renewal.Next(set, Names, Start + Renewal.ServingValidity, inForce: false)!.Value.Reason);
        var stranger = First();
        Assert.Equal("the serving certificate was of no known authority", Renewal.Next(set with { Serving = stranger.Serving, ServingKey = stranger.ServingKey }, Names, Start, inForce: false)!.Value.Reason);
        Assert.Equal("the authority had ended", Renewal.Next(set, Names, Start + Renewal.AuthorityValidity, inForce: false)!.Value.Reason);
    }

    [Fact]
    public void A_Secret_gives_back_what_was_written_and_keeps_what_is_not_ours()
    {
        var set = First();
        var secret = JsonElement.Parse("""{"metadata":{"name":"s","labels":{"a":"b"},"resourceVersion":"7"},"type":"Opaque","data":{"other":"eA==","tls.crt":"b2xk"}}""");
        Assert.Null(CertificateSet.Read(secret, out var problem));
        Assert.Null(problem);
        var written = JsonElement.Parse(set.WriteInto(secret).Span);
        Assert.Equal("""{"name":"s","labels":{"a":"b"},"resourceVersion":"7"}""", written.GetProperty("metadata").GetRawText());
        Assert.Equal("Opaque", written.GetProperty("type").GetString());
        Assert.Equal("eA==", written.GetProperty("data").GetProperty("other").GetString());
        var read = CertificateSet.Read(written, out problem)!;
        Assert.Null(problem);
        Assert.Equal((set.Bundle, set.AuthorityKey, set.ServingKey, set.Serving.Thumbprint), (read.Bundle, read.AuthorityKey, read.ServingKey, read.Serving.Thumbprint));
        Assert.True(read.Serving.HasPrivateKey);
    }

    [Theory]
    [InlineData("ca.crt", "bm8=")]
    [InlineData("ca.key", "bm8=")]
    [InlineData("tls.crt", "bm8=")]
    [InlineData("tls.key", "bm8=")]
    [InlineData("ca.crt", "?")]
    [InlineData("ca.key", null)]
    public void A_Secret_that_is_broken_is_said_to_be(string entry, string? value)
    {
        var written = System.Text.Json.Nodes.JsonNode.Parse(First().WriteInto(JsonElement.Parse("{}")).Span)!;
        written["data"]![entry] = value;
        if (value is null)
            written["data"]!.AsObject().Remove(entry);
        Assert.Null(CertificateSet.Read(JsonElement.Parse(written.ToJsonString()), out var problem));
        Assert.NotNull(problem);
    }
}
