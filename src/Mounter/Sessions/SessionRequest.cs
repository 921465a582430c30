using Sluice.Session;

namespace Sluice.Mounter.Sessions;

/// <summary>What a session is to be.</summary>
/// <param name="Id">1 to 128 characters of a-z, A-Z, 0-9, dot, underscore and hyphen, the first one a letter or digit.</param>
/// <param name="Target">Where the data appears: an absolute path, whose parent exists.</param>
/// <param name="ReadOnly">The kernel refuses writes.</param>
/// <param name="NoExec">Nothing on it can be started.</param>
/// <param name="Uid">The user_id of the mount: for people; allow_other lets everybody in, as permissions allow.</param>
/// <param name="Gid">The group_id of the mount.</param>
internal sealed record SessionRequest(string Id, string Target, bool ReadOnly, bool NoExec, uint Uid, uint Gid)
{
    /// <summary>NAMESPACE/NAME of what it serves; empty where nobody said.</summary>
    public string Dataset { get; init; } = "";

    /// <summary>The uid of the pod that it belongs to; empty where nobody said.</summary>
    public string Pod { get; init; } = "";

    /// <summary>What is wrong with it, or null.</summary>
    public string? Problem() =>
        !IsId(Id) ? $"\"{Id}\" is no session id: letters, digits, dots, underscores and hyphens, at most 128"
        : !IsPath(Target) ? $"\"{Target}\" is no absolute path without \"..\", control characters and a trailing slash"
        : null;

    public static bool IsId(string text) =>
        text.Length is > 0 and <= SessionProtocol.MaxId
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static bool IsPath(string path) =>
        path.Length is > 1 and <= 3000
        && path[0] == '/'
        && path[^1] != '/'
        && !path.Any(char.IsControl)
        && !path.Split('/').Any(part => part is "." or "..");
}
