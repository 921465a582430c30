using System.Runtime.InteropServices;
using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.State;

/// <summary>A file is adopted whole or refused with a reason; what is adopted can be used without harm, however it was damaged.</summary>
public sealed unsafe class StateFileTests
{
    [Fact]
    public void What_one_relay_wrote_the_next_one_reads()
    {
        using var room = Lived();
        room.State.Header->Epoch = 7;
        room.TakeOver();
        Assert.Equal((7U, 42UL), (room.State.Header->Epoch, room.State.Header->MountId));
        Assert.Equal(3, room.State.Handles.Count);
        Assert.NotEqual(0U, room.Find(NodeTable.Root, "file"));
    }

    [Fact]
    public void A_file_of_another_size_or_none_is_refused()
    {
        using var empty = SharedMapping.CreateAnonymousFile("none");
        Assert.Null(SessionState.Adopt(empty.Duplicate(), StateRoom.Geometry, out string reason));
        Assert.Equal("there is no state file", reason);
        using var room = Lived();
        Assert.Null(SessionState.Adopt(room.File.Duplicate(), StateRoom.Geometry with { Nodes = 1024 }, out _));
        Assert.Null(SessionState.Adopt(room.File.Duplicate(), StateRoom.Geometry with { Nodes = 1024, Names = 0 }, out reason));
        Assert.Equal("its tables have other sizes", reason);
        SharedMapping.Resize(room.File, SharedMapping.SizeOf(room.File) - 1);
        Assert.Null(SessionState.Adopt(room.File.Duplicate(), StateRoom.Geometry, out _));
    }

    public static TheoryData<string> Damages => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_file_is_refused(string damage)
    {
        using var room = Lived();
        All[damage](room.Raw);
        Assert.Null(SessionState.Adopt(room.File.Duplicate(), StateRoom.Geometry, out string reason));
        Assert.NotEmpty(reason);
    }

    /// <summary>Random bytes in random places: refused, or as good as any state. A crash ends the test run.</summary>
    [Fact]
    public void A_file_with_random_damage_never_does_harm()
    {
        var random = new Random(4711);
        using var room = Lived();
        byte[] good = new byte[SharedMapping.SizeOf(room.File)];
        byte* file = (byte*)room.Raw.Header;
        Marshal.Copy((nint)file, good, 0, good.Length);
        int[] places = [.. Enumerable.Range(0, good.Length).Where(i => good[i] != 0)];
        int adopted = 0;
        for (int round = 0; round < 1500; round++)
        {
            int damages = 1 + random.Next(4);
            var where = Enumerable.Range(0, damages).Select(_ => Math.Min(good.Length - 1, places[random.Next(places.Length)] + random.Next(9))).ToArray();
            foreach (int at in where)
                file[at] = (byte)(random.Next(3) == 0 ? 0xff : random.Next(256));
            if (SessionState.Adopt(room.File.Duplicate(), StateRoom.Geometry, out _) is { } state)
            {
                adopted++;
                Use(state);
                state.Dispose();
                Marshal.Copy(good, 0, (nint)file, good.Length); // what the use has changed
            }
            foreach (int at in where)
                file[at] = good[at];
        }
        Assert.InRange(adopted, 100, 1400); // names and times may be anything; marks and links may not
    }

    private static readonly Dictionary<string, FileDamage> All = new(StringComparer.Ordinal)
    {
        ["magic"] = file => file.Header->Magic ^= 1,
        ["version"] = file => file.Header->Version++,
        ["geometry"] = file => file.Header->Geometry = StateRoom.Geometry with { Slots = 17 },
        ["nodes used"] = file => file.Header->NodesUsed = (uint)StateRoom.Geometry.Nodes + 1,
        ["names used"] = file => file.Header->NamesUsed = uint.MaxValue,
        ["long names used"] = file => file.Header->LongNamesUsed = 1000,
        ["handles used"] = file => file.Header->HandlesUsed = 65,
        ["blocks used"] = file => file.Header->DirectoryBlocksUsed = 513,
        ["length of INIT"] = file => file.Header->InitInLength = 65,
        ["length of its reply"] = file => file.Header->InitOutLength = 65,
        ["no root"] = file => file.Nodes[1].Used = 0,
        ["a node's first name"] = file => file.Nodes[2].FirstName = 999,
        ["a node's first name is another's"] = file => file.Nodes[2].FirstName = file.Nodes[3].FirstName,
        ["a name's parent"] = file => file.Names[0].Parent = 400,
        ["a name's node"] = file => file.Names[0].Node = 4,
        ["a name that is not in use"] = file => file.Names[0].Used = 0,
        ["names in a circle"] = file => file.Names[0].Next = 1,
        ["a name without a letter"] = file => file.Names[0].Length = 0,
        ["a name with a slash"] = file => *(byte*)&file.Names[0].Inline = (byte)'/',
        ["a long name's place"] = file => *(uint*)&LongName(file)->Inline = 77,
        ["a handle's node"] = file => file.Handles[1].Node = 0,
        ["a handle's node is none"] = file => file.Handles[1].Node = 500,
        ["a handle's blocks"] = file => file.Handles[1].FirstBlock = 99,
        ["a landing's buffer"] = file => file.LandingOf(2)->Buffer = 8,
        ["a landing's buffer is another's"] = file => file.LandingOf(2)->Buffer = file.LandingOf(1)->Buffer,
        ["a slot's state"] = file => file.Slots[0].Word = 6,
        ["a slot's buffer"] = file => file.Slots[1].Buffer = 8,
        ["a slot's buffer is another's"] = file => file.Slots[1].Buffer = file.Slots[2].Buffer,
        ["a slot's length"] = file => file.Slots[0].Length = 39,
        ["a slot's length is too much"] = file => file.Slots[0].Length = 4097,
        ["a slot's length is not its request's"] = file => file.Slots[0].Length++,
        ["a slot's reply"] = file => file.Slots[0].ReplyLength = 161,
        ["a slot's reply is none"] = file => file.Slots[0].ReplyLength = 20,
        ["a slot's request"] = file => ((InHeader*)file.SmallBuffers)->Opcode = Opcode.Forget,
    };

    private delegate void FileDamage(StateFile file);

    private static NameRecord* LongName(StateFile file)
    {
        for (uint i = 0; i < file.Header->NamesUsed; i++)
        {
            if (file.Names[i].Length > NameRecord.InlineLength)
                return file.Names + i;
        }
        return null;
    }

    /// <summary>A state that has seen something of everything: names, handles, streams, requests small and large.</summary>
    private static StateRoom Lived()
    {
        var room = new StateRoom();
        uint directory = room.Learn(NodeTable.Root, "directory", 100, type: FuseAbi.S_IFDIR);
        room.Learn(NodeTable.Root, "file", 101);
        room.Learn(directory, "other name of it", 101);
        for (int i = 0; i < 20; i++)
            room.Learn(directory, new string('n', 10 * (i + 1)), (ulong)(200 + i));
        var opener = new InHeader { Uid = 1 };
        for (uint i = 1; i <= 3; i++)
        {
            uint handle = room.State.Handles.Open(i, directory: i < 3, 0, &opener, new(i), 1, null);
            for (int entry = 0; i < 3 && entry < 400; entry++)
                room.State.Directories.Append(room.State.Handles[handle], (ulong)entry, (ulong)entry + 1);
        }
        for (int i = 0; i < 3; i++)
        {
            int length = i == 0 ? 60 : 7000;
            *(InHeader*)room.State.Requests.BufferOf(room.State.LandingOf(0)) = new InHeader { Len = (uint)length, Opcode = Opcode.Setxattr, Unique = (ulong)(2 * i), NodeId = 3 };
            room.State.Requests.Take(room.State.LandingOf(0), length, 0);
        }
        return room;
    }

    /// <summary>A bit of what a relay does with what it adopted.</summary>
    private static void Use(SessionState state)
    {
        var name = new byte[FuseAbi.NameMax];
        byte* head = stackalloc byte[Translation.HeadCapacity];
        for (uint node = 1; node < state.Header->NodesUsed; node++)
        {
            if (!state.Nodes.IsLive(node))
                continue;
            _ = state.Nodes.PathOf(node);
            for (int position = 0; state.Nodes.TryName(node, position, out uint parent, name, out int length); position++)
                _ = state.Nodes.Find(parent, name.AsSpan(0, length));
        }
        foreach (uint handle in state.Handles.Live().ToArray())
        {
            _ = state.Directories.Delivered(state.Handles[handle]);
            _ = state.Directories.TruncateAfter(state.Handles[handle], 17);
            state.Directories.Append(state.Handles[handle], 1, 1);
            state.Directories.Clear(state.Handles[handle]);
            state.Handles.Close(handle);
        }
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var slot = state.Requests[i];
            if (slot->State == SlotState.Free)
                continue;
            _ = Translation.TryTranslate(state, state.Requests.RequestOf(slot), slot->Length, 1, 2, head, out _);
            _ = Translation.SecondNameOf(state.Requests.RequestOf(slot), slot->Length);
            state.Requests.Release(slot);
        }
        for (ulong client = 1000; client < 1020; client++)
        {
            var entry = StateRoom.Entry(client);
            _ = state.Nodes.Learn(NodeTable.Root, "new"u8, &entry, 9, null);
        }
        for (uint node = 2; node < state.Header->NodesUsed; node++)
            state.Nodes.Forget(node, ulong.MaxValue, 9, null);
    }
}
