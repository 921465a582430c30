namespace Sluice.Relay.State;

/// <summary>
/// Which nodes had a lookup counted for a reply that the kernel has not got yet: killed in between, an heir takes them back, for
/// the reply is made once more. <see cref="Slot.Counted"/> is how many, and in its upper bits how far the last one came:
/// 0, or one more than its node's lookups are without it. Written under the lock of the <see cref="NodeTable"/> alone.
/// </summary>
internal static unsafe class LookupTally
{
    private const int CountBits = 16;
    private const int ListOffset = 128; // READDIRPLUS, whose 80 bytes lie before it, is the only one that counts several

    /// <summary>Nodes that one reply can count: a READDIRPLUS of 128 KiB has 819 at most, and a longer one gives the rest without attributes.</summary>
    public const int Capacity = 1 + ((InFlight.SmallBuffer - ListOffset) / sizeof(uint));

    public static int CountOf(Slot* slot) => Math.Min((int)(ushort)slot->Counted, Capacity);

    /// <summary>The <paramref name="position"/>th node.</summary>
    public static uint* At(StateFile file, Slot* slot, int position) => position == 0
        ? &slot->FirstCounted
        : (uint*)(file.SmallBuffers + ((slot - file.Slots) * InFlight.SmallBuffer) + ListOffset) + (position - 1);

    /// <summary>Notes <paramref name="count"/>, of which the last is counted, or not, as its node's lookups then say: more than <paramref name="without"/>, or not.</summary>
    public static void NoteBegun(Slot* slot, int count, ulong without) => Note(slot, ((without + 1) << CountBits) | (uint)count);

    /// <summary>Notes <paramref name="count"/>, all of them counted.</summary>
    public static void NoteDone(Slot* slot, int count) => Note(slot, (uint)count);

    /// <summary>What the last node's lookups are without it, where a killed relay had begun to count it or to take it back; null where not.</summary>
    public static ulong? Begun(Slot* slot) => slot->Counted >> CountBits is not 0 and var noted ? noted - 1 : null;

    private static void Note(Slot* slot, ulong counted)
    {
        CrashPoint.Pass();
        Volatile.Write(ref slot->Counted, counted);
    }
}
