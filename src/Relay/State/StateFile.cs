using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Linux;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.State;

/// <summary>How large each table of a state file is. Part of the file: another geometry is another file.</summary>
/// <param name="MaxTransfer">Bytes of the largest WRITE and READ.</param>
/// <param name="Slots">Requests that are known at a time; the readers wait for the next one.</param>
/// <param name="LargeBuffers">Requests above <see cref="InFlight.SmallBuffer"/> at a time, the readers' own included.</param>
/// <param name="Nodes">Inodes that the kernel may know at a time.</param>
/// <param name="Names">Names of them.</param>
/// <param name="LongNames">Names above <see cref="NameRecord.InlineLength"/> bytes.</param>
/// <param name="Handles">Open files and directories.</param>
/// <param name="DirectoryBlocks">Blocks of 255 delivered directory entries each.</param>
/// <param name="JournalBlocks">Blocks of <see cref="WriteJournal.BlockSize"/> for acknowledged writes; 0: none are kept.</param>
internal readonly record struct StateGeometry(int MaxTransfer, int Slots, int LargeBuffers, int Nodes, int Names, int LongNames, int Handles, int DirectoryBlocks, int JournalBlocks)
{
    /// <summary>The usual sizes.</summary>
    /// <param name="maxTransfer">Bytes of the largest WRITE and READ.</param>
    /// <param name="journal">Bytes for acknowledged writes.</param>
    public static StateGeometry For(int maxTransfer, int journal = RelayOptions.DefaultJournal) =>
        new(maxTransfer, 1024, maxTransfer > 256 << 10 ? 16 : 32, 1 << 20, 1 << 20, 1 << 16, 1 << 16, 1 << 14, journal / WriteJournal.BlockSize);

    /// <summary>read(2) on the device fails with EINVAL unless the buffer holds max_write and 4 KiB for headers.</summary>
    public int LargeBufferSize => (MaxTransfer + 4096 + 4095) & ~4095;
}

/// <summary>
/// What survives this process: a file in memory, mapped shared, on a volume that outlives the container. The tables lie at
/// fixed places and take no memory until used. Every record is complete before its state byte says so; lists of free
/// records and indexes are not here but made anew by whoever maps the file.
/// </summary>
internal sealed unsafe class StateFile : IDisposable
{
    private const ulong FileMagic = 0x31_65_63_69_75_6c_73_00; // "\0sluice1"
    private const uint FormatVersion = 1;
    private const int HeaderBytes = 8192;
    private const int LandingOffset = 4096;

    private readonly SharedMapping _mapping;

    private StateFile(SharedMapping mapping, in StateGeometry geometry)
    {
        _mapping = mapping;
        Geometry = geometry;
        var layout = new Layout(geometry);
        Slots = (Slot*)(mapping.Address + layout.Slots);
        SmallBuffers = mapping.Address + layout.SmallBuffers;
        LargeBuffers = mapping.Address + layout.LargeBuffers;
        Handles = (HandleRecord*)(mapping.Address + layout.Handles);
        Nodes = (NodeRecord*)(mapping.Address + layout.Nodes);
        Names = (NameRecord*)(mapping.Address + layout.Names);
        LongNames = mapping.Address + layout.LongNames;
        DirectoryBlocks = mapping.Address + layout.DirectoryBlocks;
        JournalRecords = (JournalRecord*)(mapping.Address + layout.JournalRecords);
        JournalBlocks = mapping.Address + layout.JournalBlocks;
    }

    public StateGeometry Geometry { get; }

    public StateHeader* Header => (StateHeader*)_mapping.Address;

    public Slot* Slots { get; }

    public byte* SmallBuffers { get; }

    public byte* LargeBuffers { get; }

    public HandleRecord* Handles { get; }

    public NodeRecord* Nodes { get; }

    public NameRecord* Names { get; }

    public byte* LongNames { get; }

    public byte* DirectoryBlocks { get; }

    public JournalRecord* JournalRecords { get; }

    public byte* JournalBlocks { get; }

    /// <summary>Where reader <paramref name="reader"/> reads requests into.</summary>
    public Landing* LandingOf(int reader) => (Landing*)(_mapping.Address + LandingOffset) + reader;

    /// <summary>An empty state in <paramref name="file"/>, whatever was there before.</summary>
    /// <exception cref="LinuxException">The file system has no room.</exception>
    public static StateFile Create(FileDescriptor file, in StateGeometry geometry, ulong mountId)
    {
        var layout = new Layout(geometry);
        SharedMapping.Resize(file, 0);
        SharedMapping.Resize(file, layout.Length);
        var state = new StateFile(new SharedMapping(file, layout.Length), geometry);
        if (state._mapping.Reserve(0, layout.SmallBuffers) is not 0 and var error)
        {
            state.Dispose();
            throw new LinuxException("fallocate(state file)", error);
        }
        state.Header->Geometry = geometry;
        state.Header->MountId = mountId;
        state.Header->Version = FormatVersion;
        for (int reader = 0; reader < Landing.MaxReaders; reader++)
            state.LandingOf(reader)->Buffer = (uint)reader;
        Volatile.Write(ref state.Header->Magic, FileMagic);
        return state;
    }

    /// <summary>
    /// The state that a relay before this one left. Null, with the reason, when there
    /// is none or it cannot be trusted; the tables check their own records when they are built.
    /// </summary>
    public static StateFile? Adopt(FileDescriptor file, in StateGeometry geometry, out string reason)
    {
        var layout = new Layout(geometry);
        long size = SharedMapping.SizeOf(file);
        if (size != layout.Length)
        {
            reason = size == 0 ? "there is no state file" : $"it has {size} bytes and not {layout.Length}";
            file.Dispose();
            return null;
        }
        var state = new StateFile(new SharedMapping(file, size), geometry);
        var header = state.Header;
        reason = header->Magic != FileMagic ? "it has no header"
            : header->Version != FormatVersion ? $"it is of format {header->Version} and not {FormatVersion}"
            : header->Geometry != geometry ? "its tables have other sizes"
            : !header->HighMarksWithin(geometry) ? "its marks are out of range"
            : "";
        if (reason.Length == 0)
            return state;
        state.Dispose();
        return null;
    }

    /// <summary>Makes sure that the bytes from <paramref name="start"/> are there; false where the volume is full.</summary>
    public bool Reserve(void* start, long length) => _mapping.Reserve((byte*)start - _mapping.Address, length) == 0;

    public void Dispose() => _mapping.Dispose();

    private readonly struct Layout
    {
        public readonly long Slots;
        public readonly long SmallBuffers;
        public readonly long LargeBuffers;
        public readonly long Handles;
        public readonly long Nodes;
        public readonly long Names;
        public readonly long LongNames;
        public readonly long DirectoryBlocks;
        public readonly long JournalRecords;
        public readonly long JournalBlocks;
        public readonly long Length;

        public Layout(in StateGeometry geometry)
        {
            long next = HeaderBytes;
            Slots = Place(ref next, (long)geometry.Slots * sizeof(Slot));
            SmallBuffers = Place(ref next, (long)geometry.Slots * InFlight.SmallBuffer);
            LargeBuffers = Place(ref next, (long)geometry.LargeBuffers * geometry.LargeBufferSize);
            Handles = Place(ref next, (long)geometry.Handles * sizeof(HandleRecord));
            Nodes = Place(ref next, (long)geometry.Nodes * sizeof(NodeRecord));
            Names = Place(ref next, (long)geometry.Names * sizeof(NameRecord));
            LongNames = Place(ref next, (long)geometry.LongNames * NameRecord.LongSize);
            DirectoryBlocks = Place(ref next, (long)geometry.DirectoryBlocks * DirectoryBlock.Size);
            JournalRecords = Place(ref next, (long)geometry.JournalBlocks * sizeof(JournalRecord));
            JournalBlocks = Place(ref next, (long)geometry.JournalBlocks * WriteJournal.BlockSize);
            Length = next;
        }

        private static long Place(ref long next, long bytes)
        {
            long at = next;
            next = (at + bytes + 4095) & ~4095L;
            return at;
        }
    }
}

/// <summary>The first page of the file.</summary>
internal unsafe struct StateHeader
{
    /// <summary>Written last when the file is made.</summary>
    public ulong Magic;
    public uint Version;
    /// <summary>Counts the clients: every start of one is a new epoch, and ids of an older epoch mean nothing to it.</summary>
    public uint Epoch;
    public StateGeometry Geometry;
    public ulong MountId;

    /// <summary>The kernel's INIT as it came; 0 bytes until then.</summary>
    public uint InitInLength;
    public ulong InitUnique;
    public InitIn InitIn;
    /// <summary>The reply as the kernel got it; 0 bytes until the first client has answered.</summary>
    public uint InitOutLength;
    public InitOut InitOut;

    /// <summary>The last answer to STATFS.</summary>
    public StatfsBytes Statfs;

    /// <summary>The client that runs, so that a relay that outlived its predecessor without its container ends it.</summary>
    public int ClientPid;
    /// <summary>When it started, in clock ticks since boot (/proc/PID/stat): its number may be another's by now.</summary>
    public ulong ClientStarted;

    /// <summary>Records of each table that were ever used; those above are zero and may have no memory.</summary>
    public uint NodesUsed;
    public uint NamesUsed;
    public uint LongNamesUsed;
    public uint HandlesUsed;
    public uint DirectoryBlocksUsed;
    public uint JournalUsed;

    /// <summary>Counts the acknowledged writes, so that a sync tells which were there before it.</summary>
    public ulong JournalClock;

    /// <summary>1: a client has answered STATFS.</summary>
    public uint StatfsKnown;

    public readonly bool HighMarksWithin(in StateGeometry geometry) =>
        NodesUsed <= geometry.Nodes && NamesUsed <= geometry.Names && LongNamesUsed <= geometry.LongNames
        && HandlesUsed <= geometry.Handles && DirectoryBlocksUsed <= geometry.DirectoryBlocks && JournalUsed <= geometry.JournalBlocks
        && InitInLength <= InitIn.Size && InitOutLength <= InitOut.Size;

    [InlineArray(Size)]
    internal struct StatfsBytes
    {
        public const int Size = 80;
        private byte _first;
    }
}

/// <summary>Where one reader thread reads requests into, and how far it came with a FORGET.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct Landing
{
    /// <summary>Reader threads at most: arbitrary.</summary>
    public const int MaxReaders = 4;

    /// <summary>The large buffer that it reads into.</summary>
    public uint Buffer;
    /// <summary>Entries of the FORGET in it that are done.</summary>
    public uint ForgetsDone;
    /// <summary>The number, from 1, of the entry that was begun last: <see cref="ForgetValue"/> is then the count that its node shall have.</summary>
    public uint ForgetBegun;
    public uint Reserved;
    public ulong ForgetValue;

    /// <summary>Notes the count that the node of the next entry shall have, unless a predecessor noted one.</summary>
    /// <returns>What is noted.</returns>
    public ulong NoteForget(ulong value)
    {
        if (ForgetBegun != ForgetsDone + 1)
        {
            ForgetValue = value;
            CrashPoint.Pass();
            Volatile.Write(ref ForgetBegun, ForgetsDone + 1);
        }
        return ForgetValue;
    }

    /// <summary>No entry is done, and none begun.</summary>
    public void ResetForgets()
    {
        CrashPoint.Pass();
        ForgetsDone = 0;
        CrashPoint.Pass();
        ForgetBegun = 0;
    }
}
