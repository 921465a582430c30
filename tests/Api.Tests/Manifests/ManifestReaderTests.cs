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
}
