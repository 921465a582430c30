using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Testing.Golden;

namespace Sluice.Injection.Tests;

/// <summary>The admission path answers thousands of pods a second: what a decision allocates is bounded.</summary>
public sealed class AllocationTests
{
    private const int Most = 4096; // bytes for one dataset and a pod of 9 KB; the budget of the project, measured below

    [Fact]
    public void A_decision_about_a_large_pod_with_one_dataset_allocates_little()
    {
        var pod = JsonElement.Parse(LargePod());
        var patch = new ArrayBufferWriter<byte>(64 * 1024);
        Run(pod, patch, 200);

        const int Times = 500;
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(pod, patch, Times);
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / Times;

        Assert.True(each <= Most, $"{each} bytes per decision");
    }

    private static void Run(JsonElement pod, ArrayBufferWriter<byte> patch, int times)
    {
        var catalog = GoldenCatalog.Catalog;
        for (var i = 0; i < times; i++)
        {
            patch.ResetWrittenCount();
            if (PodInjector.Decide(new PodRequest(pod, "vision"), catalog, patch).Kind != DecisionKind.Patch)
                Assert.Fail("the pod is not injected"); // an assertion in the loop would be counted
        }
    }

    private static string LargePod()
    {
        var env = string.Join(',', Enumerable.Range(0, 120).Select(i => $$"""{"name":"VARIABLE_{{i}}","value":"a value of some length, number {{i}}"}"""));
        var pod = $$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"large","labels":{"app":"large","sluice.io/dataset":"imagenet"},"annotations":{"note":"{{{new string('x', 500)}}}"}},
             "spec":{"containers":[{"name":"app","image":"app:1","env":[{{{env}}}],"volumeMounts":[{"name":"work","mountPath":"/work"}]},{"name":"log","image":"log:1"}],
                     "volumes":[{"name":"work","emptyDir":{}}]}}
            """;
        Assert.InRange(Encoding.UTF8.GetByteCount(pod), 8_500, 10_000);
        return pod;
    }
}
