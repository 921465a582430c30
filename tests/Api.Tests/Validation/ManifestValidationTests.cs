using Sluice.Api.Manifests;
using Sluice.Api.Validation;

namespace Sluice.Api.Tests.Validation;

public sealed class ManifestValidationTests
{
    private static string Findings(string kind, string name, string spec)
    {
        var file = ManifestReader.Read("f", $"apiVersion: sluice.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n");
        Assert.Empty(file.Errors);
        return string.Join('\n', ManifestValidation.Check(file.Objects[0].Resource).Select(e => e.ToString()));
    }

    [Theory]
    [InlineData("uri: s3://imagenet/train", "")]
    [InlineData("uri: sftp://me@nas.example:2022/data/", "")]
    [InlineData("uri: 'http://[2001:db8::1]:80/x'", "")]
    [InlineData("uri: ''", "spec.source.uri: is required: write scheme://host/path, for example s3://bucket/prefix")]
    [InlineData("uri: S3://x", "spec.source.uri: \"S3\" is no scheme: use lower-case letters, digits, +, - and ., beginning with a letter")]
    [InlineData("uri: s3://-x/y", "spec.source.uri: \"-x\" is no host or bucket: use letters, digits, '.', '_' and '-', beginning with a letter or digit")]
    [InlineData("uri: s3://a/b/../c", "spec.source.uri: must not hold the path segment \"..\": write the path without it")]
    [InlineData("uri: \"s3://a/b\\nc\"", "spec.source.uri: must not hold control characters (found U+000A)")]
    [InlineData("uri: 's3://a,allow_root/b'", "spec.source.uri: must not hold the character ,: choose a directory above it")]
    [InlineData("uri: http://u:p@h/", "spec.source.uri: must not hold a password: put it into a Secret and name that in spec.source.secretRef")]
    [InlineData("uri: http://h:0/", "spec.source.uri: \"0\" is no port: use a number from 1 to 65535")]
    [InlineData("uri: file:///etc", "spec.source.uri: must name a directory that the administrator listed, as file://NAME/path, not a path of the host")]
    [InlineData("{uri: s3://a, options: {x: \"a\\nb\"}}", "spec.source.options[x]: must not hold control characters such as a line break: write it on one line")]
    [InlineData("{uri: s3://a, secretRef: {}}", "spec.source.secretRef.name: is required: name a Secret of the Dataset's namespace")]
    public void A_source_is_safe_to_pass_on(string source, string expected) =>
        Assert.Equal(expected, Findings("Dataset", "d", $"{{source: {(source[0] == '{' ? source : $"{{{source}}}")}}}"));

    [Theory]
    [InlineData("Dataset", "a--b", "{source: {uri: s3://a}}", "metadata.name: \"a--b\" must not hold \"--\"")]
    [InlineData("Dataset", "a.b", "{source: {uri: s3://a}}", "metadata.name: \"a.b\" must be at most 40")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, runtime: r, profile: p}", "spec.profile: must not be set beside spec.runtime")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, mountPath: data}", "spec.mountPath: \"data\" must be absolute")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, mountPath: /}", "spec.mountPath: must not be /")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, mountPath: /a/../b}", "must be clean")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, mountPath: /proc/x}", "lies in /proc")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, mountPath: /sluice-state}", "lies in /sluice-state, which is reserved")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, mountPath: /var/run/secrets/x}", "lies in /var/run/secrets")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, claim: {}}", "spec.claim.name: is required")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, sharing: [{}]}", "spec.sharing[0].namespaceSelector: is required")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, sharing: [{namespaceSelector: {}, access: ReadWrite}]}", "spec.sharing[0].access: ReadWrite needs ReadWriteMany")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, consistency: {maxAge: 1m}}", "spec.consistency.maxAge: has a meaning only with mode Revalidate")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, identity: {tokenAudience: ''}}", "spec.identity.tokenAudience: must not be empty")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, identity: {tokenAudience: 'https://kubernetes.default.svc.cluster.local'}}", "is an audience of the API server")]
    [InlineData("Dataset", "d", "{source: {uri: s3://a}, fuse: {resources: {requests: {cpu: 2}, limits: {cpu: 1}}}}", "spec.fuse.resources.requests[cpu]: 2 is above the limit 1")]
    [InlineData("Runtime", "r", "{}", "spec.profile: is required: name a RuntimeProfile")]
    [InlineData("Runtime", "r", "{profile: p, replicas: 20}", "spec.replicas: 20 workers do not fit the ring of 16: lower replicas or raise spec.maxReplicas (at most 64)")]
    [InlineData("Runtime", "r", "{profile: p, maxReplicas: 65}", "spec.maxReplicas: 65 is not between 1 and 64")]
    [InlineData("Runtime", "r", "{profile: p, replicas: -1}", "spec.replicas: -1 must not be negative")]
    [InlineData("Runtime", "r", "{profile: p, worker: {storage: {medium: Memory, size: 1Gi, storageClassName: x}}}", "spec.worker.storage.storageClassName: has no meaning")]
    [InlineData("Runtime", "r", "{profile: p, worker: {storage: {size: 1Gi, retainWhenScaled: true}}}", "spec.worker.storage.retainWhenScaled: needs claims")]
    [InlineData("Runtime", "r", "{profile: p, worker: {storage: {}}}", "spec.worker.storage.size: is required")]
    [InlineData("Runtime", "r", "{profile: p, worker: {podMetadata: {labels: {sluice.io/x: team}}}}", "spec.worker.podMetadata.labels[sluice.io/x]: must not use the prefix sluice.io/")]
    [InlineData("Runtime", "r", "{profile: p, idle: {scaleToZeroAfter: 30s}}", "spec.idle.scaleToZeroAfter: 30s is below 1m")]
    [InlineData("DataLoad", "l", "{}", "spec.dataset: is required")]
    [InlineData("DataLoad", "l", "{dataset: d, paths: [/a]}", "spec.paths[0]: \"/a\" must be relative")]
    [InlineData("DataLoad", "l", "{dataset: d, paths: [a, ../b]}", "spec.paths[1]: \"../b\" must not hold \"..\"")]
    [InlineData("DataLoad", "l", "{dataset: d, paths: ['']}", "spec.paths[0]: must not be empty")]
    [InlineData("DataLoad", "l", "{dataset: d, schedule: '@daily'}", "spec.schedule: \"@daily\" must have five fields")]
    [InlineData("DataLoad", "l", "{dataset: d, schedule: '61 * * * *'}", "spec.schedule: \"61\" is no minute")]
    [InlineData("DataLoad", "l", "{dataset: d, parallelism: 0}", "spec.parallelism: 0 is not between 1 and 64")]
    [InlineData("DataLoad", "l", "{dataset: d, threads: 65}", "spec.threads: 65 is not between 1 and 64")]
    [InlineData("TenantPolicy", "p", "{}", "spec.namespaceSelector: is required")]
    [InlineData("TenantPolicy", "p", "{namespaceSelector: {matchExpressions: [{key: a, operator: In}]}}", "spec.namespaceSelector.matchExpressions[0].values: is required with In")]
    [InlineData("TenantPolicy", "p", "{namespaceSelector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}}", "spec.namespaceSelector.matchExpressions[0].values: must be empty")]
    [InlineData("TenantPolicy", "p", "{namespaceSelector: {matchExpressions: [{key: a, operator: Is}]}}", "spec.namespaceSelector.matchExpressions[0].operator: \"Is\" must be")]
    [InlineData("TenantPolicy", "p", "{namespaceSelector: {}, datasets: {require: [x]}}", "spec.datasets.require[0]: \"x\" must read namespace/name")]
    [InlineData("TenantPolicy", "p", "{namespaceSelector: {}, allowedProfiles: ['']}", "spec.allowedProfiles[0]: must not be empty")]
    [InlineData("TenantPolicy", "p", "{namespaceSelector: {}, allowedAudiences: [kubernetes]}", "spec.allowedAudiences[0]: \"kubernetes\" is an audience of the API server")]
    [InlineData("TenantPolicy", "p", "{namespaceSelector: {}, sidecar: {min: {limits: {memory: 2Gi}}, max: {limits: {memory: 1Gi}}}}", "spec.sidecar.min.limits[memory]: 2Gi is above spec.sidecar.max.limits[memory]")]
    [InlineData("RuntimeProfile", "p", "{fuse: {command: [x]}}", "spec.fuse.image: is required")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i}}", "spec.fuse.command: is required")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [/bin/sh, -c, x]}}", "spec.fuse.command[0]: \"/bin/sh\" is a shell")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [busybox, sh]}}", "spec.fuse.command: must not start a shell")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: ['${uri.host}']}}", "spec.fuse.command[0]: must be literal")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x, '${uri.path}']}}", "spec.fuse.command[1]: must not begin with ${uri.path}")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x, '--a=${option.b}']}}", "spec.fuse.command[1]: ${option.b} is not declared: add b to spec.options")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x, '--a=${scheme.b}']}}", "spec.fuse.command[1]: ${scheme.b} is not declared")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x, '--a=${secret.b}']}}", "spec.fuse.command[1]: must not hold ${secret.b}")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x, '--a=${mountpont}']}}", "did you mean ${mountpoint}?")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x, '${a']}}", "is never closed")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x], env: [{name: A, value: 'x${secret.b}'}]}}", "spec.fuse.env[0].value: must be the placeholder of the secret alone")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x], env: [{name: A, value: '${secret.b}'}]}}", "")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x], fusermount: [bin/f]}}", "spec.fuse.fusermount[0]: \"bin/f\" must be absolute")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x], waitFor: ['http://x']}}", "spec.fuse.waitFor[0]: \"http://x\" must read tcp://host:port")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x], pullPolicy: Sometimes}}", "spec.fuse.pullPolicy: \"Sometimes\" must be")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x], cacheMedium: Memory}}", "spec.fuse.cacheMedium: has a meaning only with")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x]}, options: {a: {pattern: '('}}}", "spec.options[a].pattern: is no regular expression")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x]}, options: {a: {pattern: '(?=x)'}}}", "spec.options[a].pattern: is no regular expression")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x]}, options: {a: {pattern: 'a)|(?:b'}}}", "spec.options[a].pattern: is no regular expression")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x]}, options: {a: {pattern: '^[0-9]+$', default: x}}}", "spec.options[a].default: \"x\" must match ^[0-9]+$")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x]}, options: {a: {type: integer, default: x}}}", "spec.options[a].default: \"x\" must be a whole number")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x]}, worker: {template: {spec: {containers: [{command: ['${nope}']}]}}}}", "spec.worker.template.spec.containers[0].command[0]: ${nope} is no placeholder here")]
    [InlineData("RuntimeProfile", "p", "{fuse: {image: i, command: [x]}, lists: {l: {over: workers, item: '${item.host}'}}, files: [{name: f, content: '${list.l}${item.host}'}]}", "spec.files[0].content: ${item.host} is no placeholder here")]
    public void Every_rule_names_the_field_and_the_remedy(string kind, string name, string spec, string expected)
    {
        var found = Findings(kind, name, spec);
        if (expected.Length == 0)
            Assert.Equal("", found);
        else
            Assert.Contains(expected, found, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', found);
    }
}
