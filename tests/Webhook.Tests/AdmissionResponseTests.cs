using System.Buffers;
using System.Text.Json;
using Sluice.Injection;

namespace Sluice.Webhook.Tests;

public sealed class AdmissionResponseTests
{
    private static List<string> Warnings(params string[] warnings)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            AdmissionResponse.Write(writer, AdmissionReview.V1, "u", new Decision(DecisionKind.Unchanged, DecisionReason.NotAsked) { Warnings = warnings }, default);
        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.GetProperty("response").TryGetProperty("warnings", out var written)
            ? [.. written.EnumerateArray().Select(warning => warning.GetString()!)]
            : [];
    }

    [Fact]
    public void Warnings_of_the_allowed_length_stay_whole()
    {
        var longest = new string('w', AdmissionResponse.MaxWarning);
        Assert.Equal([longest, "short"], Warnings(longest, "short"));
    }

    [Fact]
    public void A_longer_warning_is_cut_and_shows_it()
    {
        var cut = Assert.Single(Warnings(new string('w', AdmissionResponse.MaxWarning + 1)));
        Assert.Equal(AdmissionResponse.MaxWarning, cut.Length);
        Assert.EndsWith("w…", cut, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_never_halves_a_surrogate_pair()
    {
        var cut = Assert.Single(Warnings(new string('w', AdmissionResponse.MaxWarning - 2) + "😀 and more"));
        Assert.EndsWith("w…", cut, StringComparison.Ordinal);
    }

    [Fact]
    public void All_warnings_together_stay_below_the_limit()
    {
        var warnings = Warnings([.. Enumerable.Range(0, 40).Select(_ => new string('w', 256))]);
        Assert.Equal(AdmissionResponse.MaxWarnings / 256, warnings.Count);
    }

    [Fact]
    public void Control_characters_become_spaces() => Assert.Equal(["a b  c d"], Warnings("a\nb\r\tc\u0085d"));

    [Fact]
    public void No_warnings_no_member() => Assert.Empty(Warnings());
}
