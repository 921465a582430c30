using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.State;

/// <summary>One inode as the kernel knows it: its index is its node id. 128 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal struct NodeRecord
{
    /// <summary>1: in use. Written last when it is taken, first when it is given back.</summary>
    public byte Used;
    /// <summary>Whether <see cref="Attr"/> was ever filled.</summary>
    public byte AttrKnown;
    /// <summary>Written data was lost with a client: the next FSYNC or FLUSH says EIO once.</summary>
    public byte Lost;
    /// <summary>Written data was acknowledged, is not yet flushed, and is not in the journal: it dies with the client.</summary>
    public byte Dirty;
    /// <summary>The first of its names, plus one; 0: it has none any more.</summary>
    public uint FirstName;
    /// <summary>Lookups that the kernel holds. At 0 the record lives on only as a directory of known names.</summary>
    public ulong Lookups;
    /// <summary>Of the index's use.</summary>
    public ulong Generation;
    public Attr Attr;
}

/// <summary>One name of a node in a directory. 64 bytes, a long name elsewhere.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct NameRecord
{
    public const int InlineLength = 44;
    public const int LongSize = 256;

    /// <summary>1: in use. Written last when it is taken, first when it is given back.</summary>
    public byte Used;
    public byte Length;
    public ushort Reserved;
    public uint Node;
    public uint Parent;
    /// <summary>The node's next name, plus one.</summary>
    public uint Next;
    /// <summary>The name, or the index of its long record in the first four bytes.</summary>
    public InlineName Inline;

    [InlineArray(InlineLength)]
    internal struct InlineName
    {
        private byte _first;
    }
}
