using System.Globalization;
using System.Text;

namespace Sluice.Mounter;

/// <summary>One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).</summary>
/// <param name="Id">Of the mount.</param>
/// <param name="ParentId">Of the mount that it is mounted on; stacked mounts are each other's parents.</param>
/// <param name="Device">Major and minor number. The minor of a FUSE mount is its connection's number.</param>
/// <param name="Root">What of the file system is shown: "/", or a directory of it for a bind mount.</param>
/// <param name="MountPoint">Where, unescaped.</param>
/// <param name="Type">With the subtype: <c>fuse.sluice</c>.</param>
/// <param name="Source">As the one who mounted named it.</param>
internal sealed record MountInfo(int Id, int ParentId, (uint Major, uint Minor) Device, string Root, string MountPoint, string Type, string Source)
{
    /// <summary>Every mount of this mount namespace, in the kernel's order, which is not that of stacking.</summary>
    public static List<MountInfo> ReadAll()
    {
        var mounts = new List<MountInfo>();
        ReadOnlySpan<byte> rest = File.ReadAllBytes("/proc/self/mountinfo");
        while (!rest.IsEmpty)
        {
            // Not File.ReadLines: a carriage return is a character of a path like any other, which the kernel does not escape.
            int end = rest.IndexOf((byte)'\n');
            if (Parse(end < 0 ? rest : rest[..end]) is { } mount)
                mounts.Add(mount);
            rest = end < 0 ? default : rest[(end + 1)..];
        }
        return mounts;
    }

    /// <summary>Reads a line without its line feed; null when it is none.</summary>
    public static MountInfo? Parse(ReadOnlySpan<byte> line)
    {
        if (!TryNumber(Field(ref line), out int id) || !TryNumber(Field(ref line), out int parent))
            return null;
        var device = Field(ref line);
        int colon = device.IndexOf((byte)':');
        if (colon < 0 || !TryNumber(device[..colon], out int major) || !TryNumber(device[(colon + 1)..], out int minor))
            return null;
        var root = Field(ref line);
        var point = Field(ref line);
        _ = Field(ref line); // options of the mount
        // Optional fields (shared:1, master:2 …), as many as there are, up to a lone hyphen.
        do
        {
            if (line.IsEmpty)
                return null;
        }
        while (!Field(ref line).SequenceEqual("-"u8));
        var type = Field(ref line);
        var source = Field(ref line);
        return new(id, parent, ((uint)major, (uint)minor), Unescaped(root), Unescaped(point), Unescaped(type), Unescaped(source));
    }

    /// <summary>What a path shows: the mount there that no other one at the same place lies on. Null when nothing is mounted there.</summary>
    public static MountInfo? Top(IReadOnlyList<MountInfo> mounts, string mountPoint)
    {
        MountInfo? top = null;
        var there = mounts.Where(m => m.MountPoint == mountPoint).ToList();
        foreach (var mount in there)
        {
            if (!there.Exists(other => other.ParentId == mount.Id && other != mount))
                top = mount;
        }
        return top;
    }

    private static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        var field = space < 0 ? line : line[..space];
        line = space < 0 ? default : line[(space + 1)..];
        return field;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>The kernel writes space, tab, line feed, backslash and, in sources, # as a backslash and three octal digits (fs/proc_namespace.c, mangle).</summary>
    private static string Unescaped(ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)'\\'))
            return Encoding.UTF8.GetString(text);
        var bytes = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) && IsOctal(text[i + 3]))
            {
                bytes[length++] = (byte)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0'));
                i += 3;
            }
            else
            {
                bytes[length++] = text[i];
            }
        }
        return Encoding.UTF8.GetString(bytes, 0, length);

        static bool IsOctal(byte digit) => digit is >= (byte)'0' and <= (byte)'7';
    }
}
