using System.Text;
using Sluice.Api.Manifests;

namespace Sluice.Api.Tests.Manifests;

public sealed class ManifestReaderTests
{
    private static List<string> Errors(string yaml, OtherKinds otherKinds = OtherKinds.Refuse) =>
        [.. ManifestReader.Read("a.yaml", yaml, otherKinds).Errors.Select(e => e.ToString())];

    [Fact]
    public void All_errors_of_a_file_are_found_with_their_lines()
    {
        var errors = Errors("""
            # a comment
            apiVersion: sluice.io/v1alpha1
            kind: Dataset
            metadata: {name: imagenet, namespace: vision, unheardOf: 1}
            spec:
              source:
                url: s3://imagenet/train
                options: {endpoint: 9000, other: x}
              accessModes: [ReadOnlyMany, readwritemany]
              sharing:
                - access: ReadOnly
                - access: 1
                  nameSpaceSelector: {}
              mountpath: /x
            ---
            apiVersion: sluice.io/v1alpha1
            kind: Runtime
            metadata: {name: warm}
            spec:
              replicas: "3"
              worker:
                resources: {requests: {cpu: 1 Gi, memory: 1e3}}
                storage: Disk
              idle: {scaleToZeroAfter: 5 minutes}
              zzz: 1
            """);
        Assert.Equal(
            [
                "a.yaml:7:5: spec.source.url: unknown field: did you mean \"uri\"?",
                "a.yaml:8:15: spec.source.options[endpoint]: must be text: write it in quotes, \"9000\" if that is what is meant",
                "a.yaml:9:31: spec.accessModes[1]: must be ReadOnlyMany or ReadWriteMany, not \"readwritemany\"",
                "a.yaml:12:7: spec.sharing[1].access: must be ReadOnly or ReadWrite, not 1",
                "a.yaml:13:7: spec.sharing[1].nameSpaceSelector: unknown field: did you mean \"namespaceSelector\"?",
                "a.yaml:14:3: spec.mountpath: unknown field: did you mean \"mountPath\"?",
                "a.yaml:20:3: spec.replicas: must be a whole number without quotes, not \"3\"",
                "a.yaml:22:28: spec.worker.resources.requests[cpu]: must be a non-negative quantity such as 100m, 2Gi or 0.5, not \"1 Gi\"",
                "a.yaml:23:5: spec.worker.storage: must be an object, not \"Disk\"",
                "a.yaml:24:10: spec.idle.scaleToZeroAfter: must be a duration such as 90s, 30m or 2h, not \"5 minutes\"",
                "a.yaml:25:3: spec.zzz: unknown field: known here are profile, replicas, maxReplicas, options, master, worker, fuse, idle",
            ],
            errors);
    }

    [Fact]
    public void Null_members_count_as_absent()
    {
        var file = ManifestReader.Read("a.yaml", """
            apiVersion: sluice.io/v1alpha1
            kind: RuntimeProfile
            metadata: {name: p, labels: , annotations: {a: }}
            spec:
              schemes:
              experimental:
              atZero: ~
              options: {a: , b: {type: }}
              worker: {template: {spec: {emptyDir: }}}
              fuse: {image: i, cacheSize: , env: [{name: A, value: }]}
            """);
        Assert.Empty(file.Errors);
        var profile = Assert.IsType<RuntimeProfile>(Assert.Single(file.Objects).Resource);
        Assert.Empty(profile.Spec.Schemes);
        Assert.Equal("b", Assert.Single(profile.Spec.Options).Key);
        Assert.Equal("{\"spec\":{\"emptyDir\":null}}", profile.Spec.Worker!.Template!.Value.GetRawText());
    }

    [Fact]
    public void A_list_is_read_and_its_errors_have_the_items_path()
    {
        var file = ManifestReader.Read("a.yaml", """
            apiVersion: v1
            kind: List
            items:
              - {apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {x: "1"}}, spec: {finalizers: [kubernetes]}, more: {}}
              - apiVersion: sluice.io/v1alpha1
                kind: Dataset
                metadata: {name: d}
                spec: {source: {uri: s3://x}, zzzzzzzzzz: 1}
              - {apiVersion: v1, kind: List, items: [{apiVersion: sluice.io/v1alpha1, kind: Dataset, metadata: {name: e}}]}
            """);
        Assert.Equal("a, e", string.Join(", ", file.Objects.Select(o => o.Metadata.Name)));
        var error = Assert.Single(file.Errors);
        Assert.Equal(("items[1].spec.zzzzzzzzzz", 8, 35), (error.Path, error.Line, error.Column));
        Assert.Equal("a.yaml:9:101: items[2].items[0].metadata.name: wrong", file.Objects[1].ErrorAt("metadata.name", "wrong").ToString());
    }

    [Fact]
    public void Objects_are_handed_over_one_by_one_while_the_text_is_still_read()
    {
        using var text = new EndlessDatasets(1000);
        var read = 0;
        var errors = ManifestReader.Read("a.yaml", text, manifest =>
        {
            Assert.Equal($"d{read}", manifest.Metadata.Name);
            Assert.InRange(text.Given - ++read, 0, 100); // documents that the parser may be ahead; its buffer is some KB
        });
        Assert.Empty(errors);
        Assert.Equal(1000, read);
    }

    [Fact]
    public void What_stood_before_an_error_of_syntax_is_handed_over_all_the_same()
    {
        var found = new List<string>();
        using var text = new StringReader("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\na: 'b");
        var error = Assert.Single(ManifestReader.Read("a.yaml", text, manifest => found.Add(manifest.Metadata.Name)));
        Assert.Equal(5, error.Line);
        Assert.Equal("a", Assert.Single(found));
    }

    private static ManifestFile Json(string json, UnknownFields unknownFields = UnknownFields.Refuse) =>
        ManifestReader.ReadJson("object 7", Encoding.UTF8.GetBytes(json), unknownFields);

    [Fact]
    public void An_object_in_JSON_is_read_without_lines()
    {
        var file = Json("""{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"d","namespace":"vision"},"spec":{"source":{"uri":"s3://b"}}}""");
        Assert.Empty(file.Errors);
        var manifest = Assert.Single(file.Objects);
        Assert.Equal("Dataset vision/d", manifest.FullName);
        Assert.Equal("s3://b", Assert.IsType<Dataset>(manifest.Resource).Spec.Source.Uri);
        Assert.Equal("object 7: spec.source.uri: wrong", manifest.ErrorAt("spec.source.uri", "wrong").ToString());
    }

    [Fact]
    public void A_list_in_JSON_is_read_with_the_items_paths()
    {
        var file = Json("""
            {"apiVersion":"sluice.io/v1alpha1","kind":"DatasetList","metadata":{"resourceVersion":"1"},"items":[
              {"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"d"},"spec":{"source":{"uri":"s3://b"}}},
              {"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"e"},"spec":{"source":{"uri":7}}}]}
            """);
        Assert.Equal("d", Assert.Single(file.Objects).Metadata.Name);
        Assert.StartsWith("object 7: items[1].spec.source.uri: must be text", Assert.Single(file.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_of_a_newer_version_are_read_past_only_where_that_is_asked()
    {
        const string Newer = """{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"d"},"spec":{"source":{"uri":"s3://b","checksum":true},"newer":{"a":[1]}}}""";
        Assert.Equal("spec.source.checksum spec.newer", string.Join(" ", Json(Newer).Errors.Select(e => e.Path)));
        var file = Json(Newer, UnknownFields.Skip);
        Assert.Empty(file.Errors);
        Assert.Equal("s3://b", Assert.IsType<Dataset>(Assert.Single(file.Objects).Resource).Spec.Source.Uri);
    }

    [Theory]
    [InlineData("", "object 7:1:1: not readable as JSON: ")]
    [InlineData("{\"apiVersion\":", "object 7:1:15: not readable as JSON: ")]
    [InlineData("{\"kind\":\"Dataset\",\"kind\":\"Dataset\"}", "object 7: not readable as JSON: ")]
    [InlineData("[]", "object 7: must be an object with apiVersion, kind, metadata and spec")]
    [InlineData("{\"apiVersion\":\"v1\"}", "object 7: kind: is required and must be text")]
    [InlineData("{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}", "object 7: kind: \"Pod\" of v1 is not read here")]
    [InlineData("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\"}", "object 7: metadata.name: is required")]
    public void What_is_no_object_of_ours_is_one_error(string json, string message)
    {
        var file = Json(json);
        Assert.Empty(file.Objects);
        Assert.StartsWith(message, Assert.Single(file.Errors).ToString(), StringComparison.Ordinal);
    }

    /// <summary>Documents that are made when they are read.</summary>
    private sealed class EndlessDatasets(int count) : TextReader
    {
        private string _document = "";
        private int _at;

        /// <summary>How many documents were asked for so far.</summary>
        public int Given { get; private set; }

        public override int Peek() => Advance() ? _document[_at] : -1;

        public override int Read() => Advance() ? _document[_at++] : -1;

        private bool Advance()
        {
            if (_at < _document.Length)
                return true;
            if (Given == count)
                return false;
            _document = $"---\napiVersion: sluice.io/v1alpha1\nkind: Dataset\nmetadata: {{name: d{Given++}}}\nspec: {{source: {{uri: s3://b}}}}\n";
            _at = 0;
            return true;
        }
    }
}
