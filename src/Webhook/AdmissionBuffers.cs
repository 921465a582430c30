using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;

namespace Sluice.Webhook;

/// <summary>
/// What one admission writes into: the patch and the answer. Rented and returned, so that an admission allocates neither;
/// whoever rents one is its only owner until it is returned.
/// </summary>
internal sealed class AdmissionBuffers
{
    private const int MaxPooled = 64; // concurrent admissions beyond that allocate; arbitrary
    private const int MaxKept = 256 * 1024; // bytes; a buffer that a huge pod grew is left to the collector

    private static readonly ConcurrentBag<AdmissionBuffers> Pool = [];

    private AdmissionBuffers() => Writer = new Utf8JsonWriter(Answer);

    public ArrayBufferWriter<byte> Patch { get; } = new(4096);
    public ArrayBufferWriter<byte> Answer { get; } = new(8192);

    /// <summary>Writes into <see cref="Answer"/>.</summary>
    public Utf8JsonWriter Writer { get; }

    public static AdmissionBuffers Rent() => Pool.TryTake(out var buffers) ? buffers : new AdmissionBuffers();

    public void Return()
    {
        if (Patch.Capacity > MaxKept || Answer.Capacity > MaxKept || Pool.Count >= MaxPooled)
            return;
        Clear();
        Pool.Add(this);
    }

    /// <summary>Forgets everything written, for a second attempt at an answer too.</summary>
    public void Clear()
    {
        Patch.ResetWrittenCount();
        Answer.ResetWrittenCount();
        Writer.Reset(Answer);
    }
}
