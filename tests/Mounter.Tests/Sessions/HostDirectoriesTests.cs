using Sluice.Mounter.Sessions;

namespace Sluice.Mounter.Tests.Sessions;

public sealed class HostDirectoriesTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("sluice-directories-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void A_record_comes_back_as_it_was_written_and_goes_without_a_trace()
    {
        var directories = new HostDirectories(Path.Combine(_root.FullName, "root"));
        var record = new SessionRecord(1, new("a", "/x \"y\"/ä", true, false, 1000, 2000), MadeTarget: true, Connection: 45);
        directories.Save(record with { Connection = null });
        directories.Save(record);
        Assert.Equal(record, directories.Load("a"));
        Assert.Equal("a", Assert.Single(directories.Ids()));
        directories.Remove("a");
        directories.Remove("a");
        Assert.Empty(directories.Ids());
        Assert.Throws<InvalidDataException>(() => directories.Load("a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"format\":2,\"request\":{\"id\":\"a\",\"target\":\"/x\",\"readOnly\":false,\"noExec\":false,\"uid\":0,\"gid\":0},\"madeTarget\":false}")]
    [InlineData("{\"format\":1,\"request\":{\"id\":\"b\",\"target\":\"/x\",\"readOnly\":false,\"noExec\":false,\"uid\":0,\"gid\":0},\"madeTarget\":false}")]
    [InlineData("{\"format\":1,\"request\":{\"id\":\"a\",\"target\":\"x\",\"readOnly\":false,\"noExec\":false,\"uid\":0,\"gid\":0},\"madeTarget\":false}")]
    [InlineData("{\"format\":1,\"request\":{\"id\":\"a\",\"target\":null},\"madeTarget\":false}")]
    public void A_broken_record_is_not_believed(string text)
    {
        var directories = new HostDirectories(_root.FullName);
        directories.Save(new(1, new("a", "/x", false, false, 0, 0), false, null));
        File.WriteAllText(Path.Combine(_root.FullName, "sessions", "a", "session.json"), text);
        Assert.Throws<InvalidDataException>(() => directories.Load("a"));
    }

    [Fact]
    public void Only_root_reaches_a_session()
    {
        string root = Path.Combine(_root.FullName, "root");
        var directories = new HostDirectories(root);
        directories.Save(new(1, new("a", "/x", false, false, 0, 0), false, null));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(root).UnixFileMode);
    }
}
