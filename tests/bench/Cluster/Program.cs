// A cluster for the webhook's benchmark: an API server with many Datasets, and somebody who changes one of them.
// Usage: bench-cluster DATASETS PROFILE.yaml REVIEW.json KUBECONFIG
// Writes KUBECONFIG once it serves. Each line "update URL COUNT" on standard input changes the Dataset that the review's pod names COUNT
// times, asks the webhook at URL about that pod until it sees each change, and prints "median-ms worst-ms". Ends with its input.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Testing.Cluster;

const string Datasets = "/apis/sluice.io/v1alpha1/datasets";

await using var server = await ApiServerDouble.StartAsync();
server.Store.Put("/api/v1/namespaces", """{"metadata":{"name":"vision"}}""");
var profile = (RuntimeProfile)ManifestReader.Read(args[1], await File.ReadAllTextAsync(args[1])).Objects[0].Resource;
server.Store.Put("/apis/sluice.io/v1alpha1/runtimeprofiles", JsonSerializer.Serialize(profile, ApiJson.Default.RuntimeProfile));
server.Store.Fill(Datasets, Enumerable.Range(1, int.Parse(args[0], CultureInfo.InvariantCulture)).Select(Dataset));
GC.Collect();
await File.WriteAllTextAsync(args[3], server.Kubeconfig);

var review = await File.ReadAllBytesAsync(args[2]);
while (await Console.In.ReadLineAsync() is { } line && line.Split(' ') is ["update", var url, var count])
{
    var times = await UpdateAsync(new Uri(url), int.Parse(count, CultureInfo.InvariantCulture));
    times.Sort();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{times[times.Count / 2]:0.0} {times[^1]:0.0}"));
}

// As an API server has it: what kubectl applied is there three times, once as a list of fields.
static (string Namespace, string Name, string Json) Dataset(int i)
{
    const string Spec = """{"source":{"uri":"s3://bucket-NUMBER/train","options":{"endpoint":"http://minio.storage:9000"},"secretRef":{"name":"s3"}}}""";
    const string Applied = """{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"NAME","namespace":"vision"},"spec":SPEC}""";
    const string Object = """
        {"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"NAME","namespace":"vision","uid":"0b6f0000-0000-4000-8000-NUMBER",
        "resourceVersion":"NUMBER","generation":1,"creationTimestamp":"2026-01-01T00:00:00Z",
        "annotations":{"kubectl.kubernetes.io/last-applied-configuration":APPLIED},
        "managedFields":[{"manager":"kubectl","operation":"Apply","apiVersion":"sluice.io/v1alpha1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1",
        "fieldsV1":{"f:metadata":{"f:annotations":{"f:kubectl.kubernetes.io/last-applied-configuration":{}}},"f:spec":{"f:source":{"f:uri":{},"f:options":{"f:endpoint":{}},"f:secretRef":{"f:name":{}}}}}}]},
        "spec":SPEC,"status":{"observedGeneration":1,"phase":"Ready","conditions":[{"type":"Ready","status":"True","reason":"Served","message":"served by RuntimeProfile rclone-s3"}]}}
        """;
    var name = i == 1 ? "imagenet" : $"dataset-{i}";
    var applied = JsonValue.Create(Fill(Applied)).ToJsonString();
    return ("vision", name, Fill(Object.Replace("APPLIED", applied, StringComparison.Ordinal)));

    string Fill(string text) => text.Replace("SPEC", Spec, StringComparison.Ordinal).Replace("NAME", name, StringComparison.Ordinal)
        .Replace("NUMBER", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}

async Task<List<double>> UpdateAsync(Uri webhook, int count)
{
    using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } })
    {
        BaseAddress = webhook,
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
    var times = new List<double>();
    for (var i = 0; i < count; i++)
    {
        var path = $"/data/{i}";
        var dataset = server.Store.Find(Datasets, "vision", "imagenet")!;
        dataset["spec"]!["mountPath"] = path;
        var json = dataset.ToJsonString();
        var started = Stopwatch.GetTimestamp();
        server.Store.Put(Datasets, json);
        while (!await SeesAsync(client, path))
        {
        }
        times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }
    return times;
}

async Task<bool> SeesAsync(HttpClient client, string path)
{
    using var content = new ByteArrayContent(review);
    content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
    using var response = await client.PostAsync(new Uri("/mutate", UriKind.Relative), content);
    using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
    var patch = answer.RootElement.GetProperty("response").GetProperty("patch").GetBytesFromBase64();
    return patch.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"\"{path}\"")) >= 0;
}
