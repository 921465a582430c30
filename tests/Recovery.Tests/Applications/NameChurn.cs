namespace Sluice.Recovery.Tests.Applications;

/// <summary>Makes, renames, links and removes names as fast as it can.</summary>
/// <param name="mount">The mount.</param>
/// <param name="hardLinks">Whether hard links are among the names.</param>
internal sealed class NameChurn(string mount, bool hardLinks) : IApplication
{
    public void Round(int round)
    {
        string directory = Path.Combine(Data.Written(mount), $"dir{round}");
        string Name(string name) => Path.Combine(directory, name);
        Posix.MakeDirectory(directory);
        int file = Posix.Open(Name("a"), Posix.WriteOnly | Posix.Create | Posix.Exclusive);
        Posix.Write(file, "x"u8);
        Posix.Close(file);
        Posix.Rename(Name("a"), Name("b"));
        if (hardLinks)
        {
            Posix.Link(Name("b"), Name("c"));
            Posix.Unlink(Name("c"));
        }
        Posix.SymbolicLink("b", Name("s"));
        if (Posix.ReadLink(Name("s")) != "b")
            throw new InvalidDataException("churn: the symbolic link leads elsewhere");
        foreach (string name in new[] { "b", "s" })
            Posix.Unlink(Name(name));
        Posix.RemoveDirectory(directory);
    }
}
