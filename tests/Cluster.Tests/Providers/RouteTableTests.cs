namespace Sluice.Cluster.Tests.Providers;

public sealed class RouteTableTests
{
    private const string Head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    [Fact]
    public void The_gateway_of_a_container_is_read()
    {
        // As Docker gives one on a little-endian machine, which all are that K3s images are made for.
        Assert.SkipUnless(BitConverter.IsLittleEndian, "the table is written for machines of the other byte order");
        var table = Head + "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n" + "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
        Assert.Equal("172.17.0.1", RouteTable.Gateway(table)!.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("eth0\t000011AC\t00000000\t0001\n")]
    [InlineData("eth0\t00000000\tnonsense\t0003\n")]
    [InlineData("eth0\n")]
    public void Without_a_default_route_there_is_none(string rows) => Assert.Null(RouteTable.Gateway(Head + rows));
}
