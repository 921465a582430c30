using Sluice.Mounter.Sessions;

namespace Sluice.Mounter.Tests.Sessions;

public sealed class SessionRequestTests
{
    [Theory]
    [InlineData("a", "/a")]
    [InlineData("csi-3f0a.b_C", "/var/lib/kubelet/pods/x/volumes/kubernetes.io~csi/a b/mount")]
    public void An_id_and_an_absolute_path_are_all_it_takes(string id, string target) =>
        Assert.Null(new SessionRequest(id, target, false, false, 0, 0).Problem());

    [Theory]
    [InlineData("", "/a")]
    [InlineData("../a", "/a")]
    [InlineData("-a", "/a")]
    [InlineData("a/b", "/a")]
    [InlineData("ä", "/a")]
    [InlineData("a", "")]
    [InlineData("a", "/")]
    [InlineData("a", "a")]
    [InlineData("a", "/a/")]
    [InlineData("a", "/a/../b")]
    [InlineData("a", "/a/.")]
    [InlineData("a", "/a\nb")]
    public void What_could_lead_elsewhere_is_refused(string id, string target) =>
        Assert.NotNull(new SessionRequest(id, target, false, false, 0, 0).Problem());

    [Fact]
    public void An_id_has_an_end()
    {
        Assert.True(SessionRequest.IsId(new string('a', 128)));
        Assert.False(SessionRequest.IsId(new string('a', 129)));
    }
}
