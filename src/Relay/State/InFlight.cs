using System.Runtime.InteropServices;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.State;

/// <summary>Where a request is on its way.</summary>
internal enum SlotState : byte
{
    Free,
    /// <summary>Waits for a client, or for room in its socket.</summary>
    Parked,
    /// <summary>A thread of this relay works on it: resolves its ids, settles it; with an epoch, answers it in that client's place.</summary>
    Claimed,
    /// <summary>At the client of the slot's epoch.</summary>
    Sent,
    /// <summary>The kernel was answered in the client's place, whose reply is still to come.</summary>
    Abandoned,
    /// <summary>The reply is on its way into the kernel.</summary>
    Answering,
}

/// <summary>One request between the kernel and the client. 256 bytes; the request itself lies in a buffer.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal unsafe struct Slot
{
    public const int ReplyCapacity = 160; // an entry and an open file, 144, with their header

    /// <summary>A <see cref="SlotState"/>, the low bits of the generation and the client's epoch in the upper half: changed in one step.</summary>
    [FieldOffset(0)]
    public ulong Word;

    /// <summary>The kernel's.</summary>
    [FieldOffset(8)]
    public ulong Unique;

    /// <summary>A large buffer, or <see cref="InFlight.OwnBuffer"/>.</summary>
    [FieldOffset(16)]
    public uint Buffer;

    [FieldOffset(20)]
    public uint Length;

    /// <summary>Order of arrival.</summary>
    [FieldOffset(24)]
    public ulong Sequence;

    /// <summary>Of the slot's use: a late reply to an earlier one is known by it.</summary>
    [FieldOffset(32)]
    public uint Generation;

    /// <summary>Whether a client that died may have done it.</summary>
    [FieldOffset(36)]
    public uint WasSent;

    /// <summary>What the deaths of clients that had it tell against it (<see cref="Recovery.Suspicion"/>).</summary>
    [FieldOffset(40)]
    public uint Suspicion;

    /// <summary>Milliseconds of the boot clock, cut to 32 bits.</summary>
    [FieldOffset(44)]
    public uint Arrived;

    /// <summary>Bytes of <see cref="Reply"/>, which goes to the kernel again as it is; 0: there is none.</summary>
    [FieldOffset(48)]
    public uint ReplyLength;

    /// <summary>Whether what the reply does to the tables is done.</summary>
    [FieldOffset(52)]
    public uint Applied;

    /// <summary>RENAME: the node that had the old name before the reply was applied.</summary>
    [FieldOffset(56)]
    public uint Moved;

    /// <summary>RENAME_EXCHANGE: the node that had the new name.</summary>
    [FieldOffset(60)]
    public uint Exchanged;

    [FieldOffset(64)]
    public fixed byte Reply[ReplyCapacity];

    /// <summary>Of a FSYNC or FLUSH: what was acknowledged up to this (<see cref="WriteJournal.Clock"/>) is handed on when it succeeds.</summary>
    [FieldOffset(64 + ReplyCapacity)]
    public ulong SyncClock;

    /// <summary>Lookups that were counted for its reply (<see cref="LookupTally"/>): the kernel may not have got it yet.</summary>
    [FieldOffset(72 + ReplyCapacity)]
    public ulong Counted;

    /// <summary>The node of the first of them.</summary>
    [FieldOffset(80 + ReplyCapacity)]
    public uint FirstCounted;

    /// <summary>The handle that was opened for its reply; 0: none.</summary>
    [FieldOffset(84 + ReplyCapacity)]
    public uint Opened;

    public readonly SlotState State => (SlotState)(byte)Word;

    /// <summary>Whether a client has the request: nobody knows what it did with it.</summary>
    public readonly bool IsAtClient => Word >> 32 != 0;

    /// <summary>The word of a slot that a thread of this relay has to itself.</summary>
    public static ulong WordOf(SlotState state) => (byte)state;

    /// <summary>The word of a slot that waits. It tells one use of the slot from the next.</summary>
    public readonly ulong ParkedWord => WordOf(SlotState.Parked, 0, Generation);

    /// <summary>The word of a slot that is at, or comes from, the client of <paramref name="epoch"/>; with the use's number, so that a use that looks the same is another.</summary>
    public static ulong WordOf(SlotState state, uint epoch, uint generation) => ((ulong)epoch << 32) | (generation << 8) | (byte)state;
}

/// <summary>
/// The requests that are known: taken by readers, given back by whoever answers. The free lists are this process's own,
/// the slots the file's. Safe for any thread.
/// </summary>
internal sealed unsafe class InFlight : IDisposable
{
    /// <summary>Bytes of a slot's own buffer: names and attributes fit, written data does not.</summary>
    public const int SmallBuffer = 4096;
    public const uint OwnBuffer = uint.MaxValue;

    private readonly StateFile _file;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _slots;
    private readonly SemaphoreSlim _buffers;
    private readonly int[] _freeSlots; // guarded by _gate, as all below
    private readonly int[] _freeBuffers;
    private readonly bool[] _populated;
    private readonly Spare[] _spares = new Spare[Landing.MaxReaders]; // each its reader's own
    private int _freeSlotCount;
    private int _freeBufferCount;
    private ulong _sequence;

    /// <summary>Takes the file as it is: what is in use stays so.</summary>
    public InFlight(StateFile file)
    {
        _file = file;
        var geometry = file.Geometry;
        _freeSlots = new int[geometry.Slots];
        _freeBuffers = new int[geometry.LargeBuffers];
        _populated = new bool[geometry.LargeBuffers];
        Span<bool> used = stackalloc bool[geometry.LargeBuffers];
        Span<bool> slotted = stackalloc bool[geometry.LargeBuffers];
        for (int reader = 0; reader < Landing.MaxReaders; reader++)
            used[(int)file.LandingOf(reader)->Buffer] = true;
        for (int i = geometry.Slots - 1; i >= 0; i--)
        {
            var slot = file.Slots + i;
            if (slot->State == SlotState.Free)
            {
                _freeSlots[_freeSlotCount++] = i;
                continue;
            }
            _sequence = Math.Max(_sequence, slot->Sequence);
            UsedMark = Math.Max(UsedMark, i + 1);
            if (slot->Buffer != OwnBuffer)
                used[(int)slot->Buffer] = slotted[(int)slot->Buffer] = true;
        }
        for (int i = geometry.LargeBuffers - 1; i >= 0; i--)
        {
            if (!used[i])
                _freeBuffers[_freeBufferCount++] = i;
        }
        for (int reader = 0; reader < Landing.MaxReaders; reader++)
        {
            // Killed while a large request changed hands: the slot has the buffer, and the one that was to be the landing's is free.
            var landing = file.LandingOf(reader);
            if (slotted[(int)landing->Buffer])
                HandOver(landing, _freeBuffers[--_freeBufferCount]);
        }
        _slots = new(_freeSlotCount);
        _buffers = new(_freeBufferCount);
    }

    public int Capacity => _file.Geometry.Slots;

    /// <summary>Slots below this were used at some time; those above are free and untouched.</summary>
    public int UsedMark { get; private set; }

    public int InUse => Capacity - _slots.CurrentCount - _spares.Count(spare => spare.Slot is not null);

    public Slot* this[int index] => _file.Slots + index;

    public int IndexOf(Slot* slot) => (int)(slot - _file.Slots);

    /// <summary>Why the slots and landings cannot be trusted, or null.</summary>
    public static string? Distrust(StateFile file)
    {
        var geometry = file.Geometry;
        Span<byte> owners = stackalloc byte[geometry.LargeBuffers];
        for (int reader = 0; reader < Landing.MaxReaders; reader++)
        {
            uint buffer = file.LandingOf(reader)->Buffer;
            if (buffer >= geometry.LargeBuffers || owners[(int)buffer]++ > 0)
                return $"landing {reader} has no buffer of its own";
        }
        owners.Clear(); // a slot may have that of a landing: it was being handed over
        for (int i = 0; i < geometry.Slots; i++)
        {
            var slot = file.Slots + i;
            if (slot->State == SlotState.Free)
                continue;
            bool fits = slot->State <= SlotState.Answering
                && (slot->Buffer == OwnBuffer ? slot->Length <= SmallBuffer : slot->Buffer < geometry.LargeBuffers && slot->Length <= geometry.LargeBufferSize)
                && slot->Length >= InHeader.Size && slot->ReplyLength <= Slot.ReplyCapacity;
            if (!fits || (slot->Buffer != OwnBuffer && owners[(int)slot->Buffer]++ > 0)
                || (slot->ReplyLength > 0 && (slot->ReplyLength < OutHeader.Size || ((OutHeader*)slot->Reply)->Len != slot->ReplyLength)))
                return $"request slot {i} is out of range";
            var info = Opcodes.Of(HeaderOf(file, slot)->Opcode);
            if (HeaderOf(file, slot)->Len != slot->Length || !info.Known || slot->Length < InHeader.Size + info.MinBody)
                return $"the request in slot {i} is none";
        }
        return null;
    }

    public byte* BufferOf(Landing* landing) => _file.LargeBuffers + ((long)landing->Buffer * _file.Geometry.LargeBufferSize);

    /// <summary>
    /// Makes a landing fit for a read: its pages are in memory, for a fault in read(2) of a task that is killed fails the
    /// request with EIO, and a slot and a second buffer are at hand for what comes. It waits while there is none: requests
    /// then wait in the kernel, where their tasks can be killed. False where the volume has no room.
    /// </summary>
    public bool Prepare(Landing* landing)
    {
        int buffer = (int)landing->Buffer;
        if (!_populated[buffer] && !(_populated[buffer] = _file.Reserve(BufferOf(landing), _file.Geometry.LargeBufferSize)))
            return false;
        ref var spare = ref SpareOf(landing);
        spare.Slot ??= TakeFreeSlot();
        spare.Buffer ??= TakeFreeBuffer();
        return true;
    }

    /// <summary>Whether <see cref="Prepare"/> would not wait: for the only thread that takes.</summary>
    public bool HasRoomFor(Landing* landing)
    {
        var spare = SpareOf(landing);
        return (spare.Slot is not null || _slots.CurrentCount > 0) && (spare.Buffer is not null || _buffers.CurrentCount > 0);
    }

    /// <summary>The request, header first.</summary>
    public byte* RequestOf(Slot* slot) => (byte*)HeaderOf(_file, slot);

    /// <summary>
    /// Moves what was read into a slot of its own; the landing is then free for the next read. It does not wait after
    /// <see cref="Prepare"/>, nor for a request that a killed reader had prepared for: both were free when it died.
    /// </summary>
    public Slot* Take(Landing* landing, int length, uint now)
    {
        ref var spare = ref SpareOf(landing);
        int index = spare.Slot ?? TakeFreeSlot();
        spare.Slot = null;
        var slot = _file.Slots + index;
        byte* request = BufferOf(landing);
        slot->Unique = ((InHeader*)request)->Unique;
        slot->Length = (uint)length;
        lock (_gate)
        {
            slot->Sequence = ++_sequence;
            if (index >= UsedMark)
                UsedMark = index + 1;
        }
        slot->Generation++;
        slot->WasSent = 0;
        slot->Suspicion = 0;
        slot->Arrived = now;
        slot->ReplyLength = 0;
        slot->Applied = 0;
        slot->Counted = 0;
        slot->Opened = 0;
        if (length <= SmallBuffer)
        {
            Buffer.MemoryCopy(request, _file.SmallBuffers + ((long)index * SmallBuffer), SmallBuffer, length);
            slot->Buffer = OwnBuffer;
            // The slot has it first, then the landing is empty: between the two an heir sees one unique twice, never none.
            Set(slot, Slot.WordOf(SlotState.Claimed));
            Empty(request);
        }
        else
        {
            slot->Buffer = landing->Buffer;
            Set(slot, Slot.WordOf(SlotState.Claimed));
            HandOver(landing, spare.Buffer ?? TakeFreeBuffer());
            spare.Buffer = null;
        }
        return slot;
    }

    /// <summary>Gives a slot back. Its word belongs to the caller.</summary>
    public void Release(Slot* slot)
    {
        uint buffer = slot->Buffer;
        Set(slot, 0);
        lock (_gate)
        {
            _freeSlots[_freeSlotCount++] = IndexOf(slot);
            if (buffer != OwnBuffer)
                _freeBuffers[_freeBufferCount++] = (int)buffer;
        }
        if (buffer != OwnBuffer)
            _buffers.Release();
        _slots.Release();
    }

    public void Dispose()
    {
        _slots.Dispose();
        _buffers.Dispose();
    }

    /// <summary>One step from one state to the next; false when another thread was first.</summary>
    public static bool TryMove(Slot* slot, ulong from, ulong to)
    {
        CrashPoint.Pass();
        return Interlocked.CompareExchange(ref slot->Word, to, from) == from;
    }

    /// <summary>The next state of a slot that is the caller's.</summary>
    public static void Set(Slot* slot, ulong word)
    {
        CrashPoint.Pass();
        Volatile.Write(ref slot->Word, word);
    }

    /// <summary>Takes up a request that waits; false when another thread was first.</summary>
    public static bool TryClaim(Slot* slot) => TryMove(slot, slot->ParkedWord, Slot.WordOf(SlotState.Claimed));

    /// <summary>Takes a request that was answered in the place of the client of <paramref name="epoch"/>, or is just being answered; false where it is no such.</summary>
    public static bool TryTakeAbandoned(Slot* slot, uint epoch, uint generation)
    {
        var wait = new SpinWait();
        while (Volatile.Read(ref slot->Word) == Slot.WordOf(SlotState.Claimed, epoch, generation))
        {
            CrashPoint.Wait();
            wait.SpinOnce(); // as long as one write to the kernel takes
        }
        return TryMove(slot, Slot.WordOf(SlotState.Abandoned, epoch, generation), Slot.WordOf(SlotState.Claimed));
    }

    /// <summary>From now on no request lies in a buffer that the kernel's are read into.</summary>
    public static void Empty(byte* buffer)
    {
        CrashPoint.Pass();
        Volatile.Write(ref *(uint*)buffer, 0);
    }

    private ref Spare SpareOf(Landing* landing) => ref _spares[landing - _file.LandingOf(0)];

    private int TakeFreeSlot()
    {
        _slots.Wait();
        lock (_gate)
            return _freeSlots[--_freeSlotCount];
    }

    private int TakeFreeBuffer()
    {
        _buffers.Wait();
        lock (_gate)
            return _freeBuffers[--_freeBufferCount];
    }

    /// <summary>Another buffer, empty, for a landing whose own has become a slot's.</summary>
    private void HandOver(Landing* landing, int buffer)
    {
        Empty(_file.LargeBuffers + (buffer * (long)_file.Geometry.LargeBufferSize));
        CrashPoint.Pass();
        Volatile.Write(ref landing->Buffer, (uint)buffer);
    }

    private static InHeader* HeaderOf(StateFile file, Slot* slot) => (InHeader*)(slot->Buffer == OwnBuffer
        ? file.SmallBuffers + ((slot - file.Slots) * SmallBuffer)
        : file.LargeBuffers + ((long)slot->Buffer * file.Geometry.LargeBufferSize));

    /// <summary>What a reader has at hand for the request that it reads next: known to this process alone, and free for an heir.</summary>
    private struct Spare
    {
        public int? Slot;
        public int? Buffer;
    }
}
