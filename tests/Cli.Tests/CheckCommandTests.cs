using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Cli.Check;
using Sluice.Cli.Tests.Check;
using Sluice.Testing.Certificates;
using Sluice.Testing.Cluster;

namespace Sluice.Cli.Tests;

/// <summary><c>sluice check</c> from the command line to the cluster and back.</summary>
public sealed class CheckCommandTests
{
    /// <summary>How many the manifests give.</summary>
    private static int Rights => Right.Always.Count + Right.ForCertificates.Count;

    [Fact]
    public async Task A_cluster_in_which_all_is_well_has_one_line_for_each_check()
    {
        await using var cluster = await SampleCluster.StartAsync();
        var run = await cluster.CheckAsync();
        Assert.Equal($$"""
            ok       server          Kubernetes v1.33.2
            ok       nodes           2 Linux nodes
            ok       definitions     5 of 5 kinds
            ok       webhook         2 of 2 replicas ready
            ok       configurations  5 entries
            ok       certificate     until 2049-12-31 00:00 UTC
            ok       rights          {{Rights}} of {{Rights}} rights
            ok       admission       a dry-run pod in namespace vision comes back with dataset vision/imagenet
            ok       mounters        on 2 of 2 nodes
            ok       objects         2 objects
            ok       datasets        1 dataset
            ok       pod-security    1 namespace opted in: 1 restricted
            ok       limit-ranges    0 LimitRanges about containers
            """ + "\n", run.Out);
        Assert.Equal($"13 ok: 13 checks of {cluster.Server.Address}\n", run.Error);
        Assert.Equal(0, run.Code);
    }

    [Fact]
    public async Task A_broken_cluster_is_told_object_by_object_with_causes_and_what_to_type_next()
    {
        await using var cluster = await SampleCluster.StartAsync();
        Break(cluster);
        var run = await cluster.CheckAsync();
        Assert.Equal($$"""
            wrong    server          Kubernetes v1.28.9
                wrong    API server
                cause    is v1.28.9, and match conditions and ValidatingAdmissionPolicies need 1.30 or newer:
                         upgrade the control plane
                next     kubectl version
            wrong    nodes           4 Linux nodes
                wrong    Node b
                cause    its kubelet is v1.28.9, and native sidecars need 1.29 or newer: upgrade the node
                next     kubectl describe node b
                wrong    Node b
                cause    its kernel is 5.4.0-150-generic, and 5.15 or newer is needed: upgrade the node
                next     kubectl describe node b
            wrong    definitions     4 of 5 kinds
                wrong    CustomResourceDefinition runtimes.sluice.io
                cause    is not there
                next     kubectl apply --server-side -k deploy/manifests/crds
                wrong    CustomResourceDefinition dataloads.sluice.io
                cause    is not served: "dload" is already in use
                next     kubectl describe crd dataloads.sluice.io
            wrong    webhook         0 of 2 replicas ready
                wrong    Deployment sluice-system/sluice-webhook
                cause    0 of 2 replicas ready: Deployment does not have minimum availability.
                next     kubectl -n sluice-system describe pods -l app.kubernetes.io/name=sluice-webhook
            wrong    configurations  4 entries
                wrong    MutatingWebhookConfiguration sluice-webhook
                cause    has no entry volume.pods.sluice.io, so that what it selects is not sent to the webhook
                next     kubectl apply --server-side -k deploy/manifests
                warning  MutatingWebhookConfiguration sluice-webhook
                cause    entry dataset.pods.sluice.io has failurePolicy Ignore: while no webhook answers,
                         nothing is refused and nothing injected
                next     kubectl apply --server-side -k deploy/manifests
                wrong    ValidatingWebhookConfiguration sluice-webhook
                cause    caBundle of resources.sluice.io is empty: nobody has written the authority of the
                         webhook's certificate there
                next     kubectl -n sluice-system logs deployment/sluice-webhook
            wrong    certificate     until 2021-01-01 00:00 UTC
                wrong    Secret sluice-system/sluice-webhook-certificates
                cause    its certificate ended on 2021-01-01 00:00 UTC
                next     kubectl -n sluice-system logs deployment/sluice-webhook
                wrong    Secret sluice-system/sluice-webhook-certificates
                cause    its certificate is not for sluice-webhook.sluice-system.svc, where API servers send
                         requests
                next     kubectl -n sluice-system logs deployment/sluice-webhook
                wrong    MutatingWebhookConfiguration sluice-webhook
                cause    caBundle of dataset.pods.sluice.io, inject.pods.sluice.io, namespace.pods.sluice.io
                         does not vouch for the certificate in Secret sluice-system/sluice-webhook-certificates:
                         unable to get local issuer certificate
                next     kubectl -n sluice-system logs deployment/sluice-webhook
            wrong    rights          {{Rights - 2}} of {{Rights}} rights
                wrong    ServiceAccount sluice-system/sluice-webhook
                cause    may not list, watch tenantpolicies.sluice.io: RBAC:
                         clusterrole.rbac.authorization.k8s.io "sluice-webhook" not found
                next     kubectl apply --server-side -k deploy/manifests
            wrong    admission       a dry-run pod is refused
                wrong    Pod in namespace vision (dry run, dataset vision/imagenet)
                cause    Internal error occurred: failed calling webhook "dataset.pods.sluice.io": failed to
                         call webhook: Post "https://sluice-webhook.sluice-system.svc:443/mutate?timeout=5s": no
                         endpoints available for service "sluice-webhook"
                next     kubectl -n sluice-system get pods,endpointslices -l app.kubernetes.io/name=sluice-webhook
            wrong    mounters        on 1 of 4 nodes
                wrong    Node b
                cause    its mounter is not ready: CrashLoopBackOff: back-off 5m0s restarting failed container
                next     kubectl -n sluice-system describe pod sluice-mounter-b
                warning  Node c
                cause    has a taint and no mounter: a pod that tolerates the taint and asks for data waits
                         there for ever
                next     kubectl -n sluice-system edit daemonset sluice-mounter
                wrong    Node d
                cause    has no mounter: pods with data wait there for ever
                next     kubectl -n sluice-system describe daemonset sluice-mounter
            wrong    objects         4 objects
                wrong    Dataset vision/wrong
                cause    spec.mountPath: "relative" must be absolute: begin it with /
                next     kubectl edit -n vision datasets.sluice.io wrong
            wrong    datasets        1 of 2 datasets can be mounted by nobody
                wrong    Dataset vision/lost
                cause    dataset "vision/lost" names RuntimeProfile "gone", which does not exist: create it, or
                         name another in spec.profile
                next     kubectl -n vision edit dataset lost
            warning  pod-security    1 namespace opted in: 1 strict
                warning  Namespace vision
                cause    label pod-security.kubernetes.io/enforce has the value "strict", which API servers take
                         for restricted: write one of privileged, baseline, restricted
                next     kubectl label --overwrite namespace vision pod-security.kubernetes.io/enforce=restricted
            wrong    limit-ranges    1 LimitRange about containers
                wrong    LimitRange vision/small
                cause    refuses sidecars, whose memory limit of 1Gi is above its max of 512Mi: lower it, or
                         raise max (dataset vision/imagenet)
                next     kubectl -n vision edit limitrange small
            """ + "\n", run.Out);
        Assert.Equal($"12 wrong, 1 warning: 13 checks of {cluster.Server.Address}\n", run.Error);
        Assert.Equal(2, run.Code);
    }

    [Fact]
    public async Task Programs_get_the_same_as_JSON()
    {
        await using var cluster = await SampleCluster.StartAsync();
        cluster.PutDataset("lost", ",\"profile\":\"gone\"");
        var run = await cluster.CheckAsync("-o", "json");
        Assert.Equal(2, run.Code);
        var report = JsonElement.Parse(run.Out);
        Assert.Equal((cluster.Server.Address.ToString(), "wrong"), (report.Text("server"), report.Text("verdict")));
        Assert.Equal(13, report.Items("checks").Count());
        var datasets = report.Items("checks").Single(c => c.Text("name") == "datasets");
        Assert.Equal(("wrong", "1 of 2 datasets can be mounted by nobody"), (datasets.Text("verdict"), datasets.Text("summary")));
        var finding = Assert.Single(datasets.Items("findings"));
        Assert.Equal(("wrong", "Dataset vision/lost", "kubectl -n vision edit dataset lost"), (finding.Text("verdict"), finding.Text("object"), finding.Text("next")));
        Assert.StartsWith("dataset \"vision/lost\" names RuntimeProfile \"gone\"", finding.Text("cause"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_not_be_looked_at_is_said_and_keeps_nothing_else_from_being_checked()
    {
        await using var cluster = await SampleCluster.StartAsync();
        cluster.Forbid("GET", "/api/v1/nodes");
        cluster.Forbid("GET", "/api/v1/namespaces/sluice-system/secrets/sluice-webhook-certificates");
        cluster.Forbid("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews");
        cluster.Admit(_ => (403, ApiStatus.Json(403, "Forbidden", "pods is forbidden: User \"eve\" cannot create resource \"pods\" in API group \"\" in the namespace \"vision\"")));
        var run = await cluster.CheckAsync();
        Assert.Equal($"5 unseen, 8 ok: 13 checks of {cluster.Server.Address}\n", run.Error);
        var told = string.Join(' ', run.Out.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("unseen nodes could not look: list nodes: nodes is forbidden: User \"eve\" cannot do that at the cluster scope (403 Forbidden) ok definitions", told, StringComparison.Ordinal);
        Assert.Contains("unseen admission could not look: create pods in namespace vision: pods is forbidden: User \"eve\" cannot create", told, StringComparison.Ordinal);
        Assert.Equal(["nodes", "certificate", "rights", "admission", "mounters"], Names(run, "unseen"), StringComparer.Ordinal);
        Assert.Equal(0, run.Code);
    }

    [Fact]
    public async Task A_question_without_an_answer_costs_its_check_alone_and_no_more_than_the_timeout()
    {
        await using var cluster = await SampleCluster.StartAsync();
        cluster.Server.Next(r => r.Path == "/api/v1/limitranges", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var run = await cluster.CheckAsync("--timeout", "5s");
        Assert.Contains("unseen   limit-ranges    could not look: list limitranges: no answer within 5 s\n", run.Out, StringComparison.Ordinal);
        Assert.Equal($"1 unseen, 12 ok: 13 checks of {cluster.Server.Address}\n", run.Error);
    }

    [Fact]
    public async Task Nothing_is_changed()
    {
        await using var cluster = await SampleCluster.StartAsync();
        var version = cluster.Server.Store.Version;
        await cluster.CheckAsync();
        Assert.Equal(version, cluster.Server.Store.Version);
        Assert.All(cluster.Server.Requests.Where(r => r.Method != "GET"), r => Assert.True(
            r.Path == "/apis/authorization.k8s.io/v1/subjectaccessreviews" || (r.Path == "/api/v1/namespaces/vision/pods" && r.Query["dryRun"] == "All"), $"{r.Method} {r.Path}"));
    }

    [Fact]
    public async Task Every_page_of_a_list_is_read()
    {
        await using var cluster = await SampleCluster.StartAsync();
        var json = cluster.Server.Store.Find(SampleCluster.Datasets, "vision", "imagenet")!;
        cluster.Server.Store.Fill(SampleCluster.Datasets, Enumerable.Range(0, 600).Select(i =>
        {
            json["metadata"]!["name"] = $"d{i}";
            return ("vision", $"d{i}", json.ToJsonString());
        }));
        Assert.Contains("ok       datasets        601 datasets\n", (await cluster.CheckAsync()).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_cert_manager_is_looked_for_where_the_deployment_mounts_it()
    {
        await using var cluster = await SampleCluster.StartAsync();
        cluster.Change(SampleCluster.Deployments, "sluice-system", "sluice-webhook", deployment =>
        {
            var pod = deployment["spec"]!["template"]!["spec"]!;
            pod["containers"]![0]!["args"]!.AsArray().Add("--tls-cert=/tls/tls.crt");
            pod["containers"]![0]!["volumeMounts"]!.AsArray().Add(JsonNode.Parse("""{"name":"tls","mountPath":"/tls"}"""));
            pod["volumes"]!.AsArray().Add(JsonNode.Parse("""{"name":"tls","secret":{"secretName":"sluice-webhook-tls"}}"""));
        });
        var run = await cluster.CheckAsync();
        Assert.Contains("Secret sluice-system/sluice-webhook-tls\n    cause    is not there\n", run.Out, StringComparison.Ordinal);
        Assert.Contains($"ok       rights          {Right.Always.Count} of {Right.Always.Count} rights\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pod_is_tried_in_the_namespace_that_was_asked_for()
    {
        await using var cluster = await SampleCluster.StartAsync();
        cluster.PutNamespace("audio", """{"kubernetes.io/metadata.name":"audio"}""");
        Assert.Contains("skipped  admission       namespace audio may mount no dataset\n", (await cluster.CheckAsync("-n", "audio")).Out, StringComparison.Ordinal);
        Assert.Contains("ok       admission       a dry-run pod in namespace vision", (await cluster.CheckAsync("-n", "vision")).Out, StringComparison.Ordinal);
        Assert.Equal((1, "", "Error: --namespace: there is no namespace \"nosuch\" in this cluster\n"), Of(await cluster.CheckAsync("-n", "nosuch")));
    }

    [Fact]
    public async Task What_others_wrote_does_not_reach_the_terminal_as_commands_to_it()
    {
        await using var cluster = await SampleCluster.StartAsync();
        cluster.Server.Always(r => r.Path == "/version", _ => (200, """{"gitVersion":"v1.33.2\u001b[2J"}"""));
        Assert.StartsWith("ok       server          Kubernetes v1.33.2 [2J\n", (await cluster.CheckAsync()).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_verdicts_have_colours()
    {
        await using var cluster = await SampleCluster.StartAsync();
        var run = await CommandRun.OfAsync(terminal => terminal with { Colour = true }, "check", "--kubeconfig", cluster.Kubeconfig);
        Assert.StartsWith("\e[32mok\e[0m       \e[1mserver\e[0m          Kubernetes v1.33.2\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_cluster_it_says_so_in_one_line()
    {
        var run = await CommandRun.OfAsync(terminal => terminal with { Variable = name => name == "HOME" ? "/nonexistent" : null }, "check");
        Assert.Equal((1, "", "Error: no cluster to check: there is no /nonexistent/.kube/config; name a kubeconfig with --kubeconfig or in KUBECONFIG\n"), Of(run));
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_one_line()
    {
        await using var cluster = await SampleCluster.StartAsync();
        var kubeconfig = cluster.Kubeconfig;
        await cluster.Server.StopAsync();
        var run = await CommandRun.OfAsync("check", "--kubeconfig", kubeconfig);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.StartsWith($"Error: the cluster at {cluster.Server.Address} cannot be asked: no answer from {cluster.Server.Address}: ", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_cluster_that_does_not_believe_us_is_one_line()
    {
        await using var cluster = await SampleCluster.StartAsync();
        cluster.Server.RequiredToken = "another";
        Assert.Equal((1, "", $"Error: the cluster at {cluster.Server.Address} cannot be asked: Unauthorized\n"), Of(await cluster.CheckAsync()));
    }

    [Fact]
    public async Task A_context_that_is_not_there_is_one_line()
    {
        await using var cluster = await SampleCluster.StartAsync();
        Assert.Equal((1, "", $"Error: {cluster.Kubeconfig}: there is no context \"staging\"\n"), Of(await cluster.CheckAsync("--context", "staging")));
    }

    [Fact]
    public async Task The_kubeconfig_is_found_as_kubectl_finds_it()
    {
        await using var cluster = await SampleCluster.StartAsync();
        Assert.Equal(0, (await WithVariable("KUBECONFIG", cluster.Kubeconfig)).Code);
        Assert.Equal((1, "", "Error: KUBECONFIG: /nonexistent: no such file\n"), Of(await WithVariable("KUBECONFIG", "/nonexistent")));
        Assert.Equal((1, "", "Error: KUBECONFIG names several files (a:b): name the cluster's with --kubeconfig\n"), Of(await WithVariable("KUBECONFIG", "a:b")));
        Assert.Equal((1, "", "Error: --kubeconfig: /nonexistent: no such file\n"), Of(await CommandRun.OfAsync("check", "--kubeconfig", "/nonexistent")));

        static Task<CommandRun> WithVariable(string name, string value) =>
            CommandRun.OfAsync(terminal => terminal with { Variable = asked => asked == name ? value : null }, "check");
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("0")]
    [InlineData("-1s")]
    [InlineData("11m")]
    public async Task A_timeout_must_be_a_time(string timeout) => Assert.Equal(
        (1, "", $"Error: --timeout: \"{timeout}\" is no time to wait: write 10s, or at most 10m.\nSee: sluice check --help\n"),
        Of(await CommandRun.OfAsync("check", $"--timeout={timeout}")));

    private static (int Code, string Out, string Error) Of(CommandRun run) => (run.Code, run.Out, run.Error);

    /// <summary>The checks that ended so.</summary>
    private static IEnumerable<string> Names(CommandRun run, string verdict) => run.Out.Split('\n')
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Length > 1 && words[0] == verdict)
        .Select(words => words[1]);

    /// <summary>Something for each check to find.</summary>
    private static void Break(SampleCluster cluster)
    {
        cluster.Server.Always(r => r.Path == "/version", _ => (200, """{"major":"1","minor":"28","gitVersion":"v1.28.9"}"""));
        cluster.PutNode("b", "v1.28.9", "5.4.0-150-generic", mounter: false);
        cluster.PutNode("c", "v1.33.2", "6.8.0-40-generic", """[{"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}]""", mounter: false);
        cluster.Change(SampleCluster.Pods, "sluice-system", "sluice-mounter-b", pod => pod["status"] = JsonNode.Parse("""
            {"phase":"Running","conditions":[{"type":"Ready","status":"False","message":"containers with unready status: [mounter]"}],
             "containerStatuses":[{"name":"mounter","state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 5m0s restarting failed container"}}}]}
            """));
        cluster.PutNode("d", "v1.33.2", "6.8.0-40-generic", mounter: false);
        cluster.Server.Store.Delete(SampleCluster.Definitions, null, "runtimes.sluice.io");
        cluster.Change(SampleCluster.Definitions, null, "dataloads.sluice.io", definition => definition["status"] = JsonNode.Parse("""
            {"conditions":[{"type":"NamesAccepted","status":"False","message":"\"dload\" is already in use"},{"type":"Established","status":"False"}]}
            """));
        cluster.Change(SampleCluster.Deployments, "sluice-system", "sluice-webhook", deployment => deployment["status"] = JsonNode.Parse("""
            {"conditions":[{"type":"Available","status":"False","message":"Deployment does not have minimum availability."}]}
            """));
        cluster.Change(SampleCluster.Validating, null, "sluice-webhook", configuration => configuration["webhooks"]![0]!["clientConfig"]!.AsObject().Remove("caBundle"));
        cluster.Change(SampleCluster.Mutating, null, "sluice-webhook", configuration =>
        {
            configuration["webhooks"]![0]!["failurePolicy"] = "Ignore";
            configuration["webhooks"]!.AsArray().RemoveAt(3);
        });
        using var ended = new ThrowawayAuthority("ended", new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero));
        cluster.Change(SampleCluster.Secrets, "sluice-system", "sluice-webhook-certificates", secret =>
            secret["data"]!["tls.crt"] = SampleCluster.Base64(ended.Issue("sluice-webhook.elsewhere.svc").Certificate));
        cluster.Server.Always(
            r => r.Path.EndsWith("/subjectaccessreviews", StringComparison.Ordinal) && JsonNode.Parse(r.Body)!["spec"]!["resourceAttributes"]!["resource"]!.GetValue<string>() == "tenantpolicies",
            _ => (201, """{"status":{"allowed":false,"reason":"RBAC: clusterrole.rbac.authorization.k8s.io \"sluice-webhook\" not found"}}"""));
        cluster.Admit(_ => (500, ApiStatus.Json(500, "InternalError", "Internal error occurred: failed calling webhook \"dataset.pods.sluice.io\": failed to call webhook: Post \"https://sluice-webhook.sluice-system.svc:443/mutate?timeout=5s\": no endpoints available for service \"sluice-webhook\"")));
        cluster.PutDataset("lost", ",\"profile\":\"gone\"");
        cluster.PutDataset("wrong", ",\"mountPath\":\"relative\"");
        cluster.PutNamespace("vision", """{"sluice.io/injection":"enabled","pod-security.kubernetes.io/enforce":"strict","kubernetes.io/metadata.name":"vision"}""");
        cluster.Put(SampleCluster.LimitRanges, """
            {"metadata":{"name":"small","namespace":"vision"},"spec":{"limits":[{"type":"Container","default":{"cpu":"500m","memory":"256Mi"},"max":{"memory":"512Mi"}}]}}
            """);
    }
}
