namespace Sluice.Relay.State;

/// <summary>FNV-1a, 64 bits, with a last mixing step: equal names have equal hashes in every relay that shares a state file.</summary>
internal static class NameHash
{
    public static ulong Of(ReadOnlySpan<byte> name)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte b in name)
            hash = (hash ^ b) * 0x100000001b3;
        hash ^= hash >> 32;
        return hash * 0x9E3779B97F4A7C15;
    }
}
