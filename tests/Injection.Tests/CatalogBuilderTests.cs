using System.Buffers;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection.Tests;

/// <summary>A snapshot made of another one says what one made anew would say, and costs next to nothing.</summary>
public sealed class CatalogBuilderTests
{
    private static readonly RuntimeProfile Profile = JsonSerializer.Deserialize(
        """{"metadata":{"name":"rclone"},"spec":{"schemes":["s3"],"fuse":{"image":"rclone:1","command":["rclone","${mountpoint}"]}}}""",
        ApiJson.Default.RuntimeProfile)!;

    private static Dataset Dataset(string name, string uri = "s3://bucket/path", string? claim = null, string? runtime = null) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "vision" },
        Spec = new DatasetSpec
        {
            Source = new DatasetSource { Uri = uri },
            Claim = claim is null ? null : new DatasetClaim { Name = claim },
            Runtime = runtime,
        },
    };

    private static Namespace Namespace(string name) => new() { Metadata = new ObjectMeta { Name = name } };

    private static Catalog Changed(Catalog from, Action<CatalogBuilder> change)
    {
        var builder = new CatalogBuilder(from);
        change(builder);
        return builder.Build();
    }

    private static Decision Decide(Catalog catalog, string dataset = "one") => PodInjector.Decide(
        new PodRequest(JsonElement.Parse($$$"""{"metadata":{"labels":{"sluice.io/dataset":"{{{dataset}}}"}},"spec":{"containers":[{"name":"app"}]}}"""), "vision"),
        catalog,
        new ArrayBufferWriter<byte>());

    [Fact]
    public void A_snapshot_stays_as_it_is_when_the_next_one_is_made()
    {
        var first = new Catalog([Dataset("one")], [], [Profile], [], [Namespace("vision")]);
        var second = Changed(first, b =>
        {
            b.Set(Dataset("two"));
            b.RemoveDataset(new ObjectName("vision", "one"));
            b.RemoveProfile("rclone");
            b.RemoveNamespace("vision");
        });
        Assert.NotNull(first.FindDataset(new ObjectName("vision", "one")));
        Assert.NotNull(first.FindProfileForScheme("s3"));
        Assert.NotNull(first.FindNamespace("vision"));
        Assert.Equal((1, 0, 0), (second.DatasetCount, second.ProfileCount, second.NamespaceCount));
        Assert.Null(second.FindDataset(new ObjectName("vision", "one")));
        Assert.Null(second.FindProfileForScheme("s3"));
        Assert.Null(second.FindNamespace("vision"));
    }

    [Fact]
    public void Of_Datasets_with_one_claim_the_first_by_name_counts_whatever_comes_and_goes()
    {
        var claim = new ObjectName("vision", "data");
        var catalog = Changed(Catalog.Empty, b => b.Set(Dataset("m", claim: "data")));
        Assert.Equal("m", catalog.FindClaim(claim)!.Name.Name);
        catalog = Changed(catalog, b => b.Set(Dataset("a", claim: "data")));
        catalog = Changed(catalog, b => b.Set(Dataset("z", claim: "data")));
        Assert.Equal("a", catalog.FindClaim(claim)!.Name.Name);
        catalog = Changed(catalog, b => b.Set(Dataset("a", claim: "other")));
        Assert.Equal("m", catalog.FindClaim(claim)!.Name.Name);
        Assert.Equal("a", catalog.FindClaim(new ObjectName("vision", "other"))!.Name.Name);
        catalog = Changed(catalog, b => b.RemoveDataset(new ObjectName("vision", "m")));
        Assert.Equal("z", catalog.FindClaim(claim)!.Name.Name);
        catalog = Changed(catalog, b => b.RemoveDataset(new ObjectName("vision", "z")));
        Assert.Null(catalog.FindClaim(claim));
    }

    [Fact]
    public void Policies_are_in_order_after_each_change()
    {
        static TenantPolicy Policy(string name, int priority) => new() { Metadata = new ObjectMeta { Name = name }, Spec = new TenantPolicySpec { Priority = priority } };
        var catalog = Changed(Catalog.Empty, b =>
        {
            b.Set(Policy("b", 0));
            b.Set(Policy("a", 0));
        });
        catalog = Changed(catalog, b => b.Set(Policy("c", 5)));
        Assert.Equal(["c", "a", "b"], catalog.Policies.Select(p => p.Metadata.Name), StringComparer.Ordinal);
        catalog = Changed(catalog, b =>
        {
            b.RemovePolicy("c");
            b.Set(Policy("b", 9));
        });
        Assert.Equal(["b", "a"], catalog.Policies.Select(p => p.Metadata.Name), StringComparer.Ordinal);
    }

    [Fact]
    public void What_was_resolved_holds_until_its_own_profile_or_runtime_changes()
    {
        var runtime = new Runtime { Metadata = new ObjectMeta { Name = "warm", Namespace = "vision" }, Spec = new RuntimeSpec { Profile = "rclone" } };
        var catalog = new Catalog([Dataset("one"), Dataset("cached", runtime: "warm")], [runtime], [Profile], [], []);
        var (one, cached) = (catalog.FindDataset(new ObjectName("vision", "one"))!, catalog.FindDataset(new ObjectName("vision", "cached"))!);
        var (first, second) = (one.Resolve(catalog), cached.Resolve(catalog));

        catalog = Changed(catalog, b => b.Set(Dataset("two")));
        Assert.Same(first, one.Resolve(catalog));
        Assert.Same(second, cached.Resolve(catalog));

        catalog = Changed(catalog, b => b.Set(new Runtime { Metadata = runtime.Metadata, Spec = runtime.Spec }));
        Assert.Same(first, one.Resolve(catalog));
        Assert.NotSame(second, cached.Resolve(catalog));

        catalog = Changed(catalog, b => b.RemoveProfile("rclone"));
        Assert.NotNull(one.Resolve(catalog).Problem);
        Assert.Equal(new CatalogMiss("RuntimeProfile", null, "rclone"), cached.Resolve(catalog).Miss);
    }

    [Fact]
    public void A_refusal_names_what_the_catalog_lacks()
    {
        Assert.Equal(new CatalogMiss("Dataset", "vision", "one"), Decide(Catalog.Empty).Miss);
        var catalog = Changed(Catalog.Empty, b => b.Set(Dataset("one", runtime: "warm")));
        Assert.Equal(new CatalogMiss("Runtime", "vision", "warm"), Decide(catalog).Miss);
        catalog = Changed(catalog, b => b.Set(new Runtime { Metadata = new ObjectMeta { Name = "warm", Namespace = "vision" }, Spec = new RuntimeSpec { Profile = "rclone" } }));
        Assert.Equal(new CatalogMiss("RuntimeProfile", null, "rclone"), Decide(catalog).Miss);
        catalog = Changed(catalog, b => b.Set(Profile));
        Assert.Null(Decide(catalog).Miss);
        Assert.Equal(DecisionKind.Patch, Decide(catalog).Kind);
        // Nobody could look for a profile of which nothing but the scheme is known.
        Assert.Null(Decide(Changed(Catalog.Empty, b => b.Set(Dataset("one")))).Miss);
    }

    [Fact]
    public void A_change_among_100_000_Datasets_costs_little()
    {
        const int Most = 16 * 1024; // bytes; about 17 levels of a tree, and the entry itself
        var catalog = new Catalog(Enumerable.Range(0, 100_000).Select(i => Dataset($"d{i}")), [], [Profile], [], []);
        var builder = new CatalogBuilder(catalog);
        builder.Set(Dataset("warm"));
        builder.Build();
        var before = GC.GetAllocatedBytesForCurrentThread();
        builder.Set(Dataset("d50000", "s3://other/path"));
        var next = builder.Build();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, Most);
        Assert.Equal("s3://other/path", next.FindDataset(new ObjectName("vision", "d50000"))!.Resource.Spec.Source.Uri);
        Assert.Equal(100_001, next.DatasetCount);
    }
}
