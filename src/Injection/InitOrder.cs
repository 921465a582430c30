using System.Text.Json;

namespace Sluice.Injection;

/// <summary>
/// The order of init containers: the mesh's, then ours, then the pod's own. What is already there is moved as little as
/// possible; the rest is inserted.
/// </summary>
internal sealed class InitOrder
{
    private readonly List<int> _final = []; // index in the pod, or ~k for the k-th container of ours that is new

    private InitOrder()
    {
    }

    /// <summary>
    /// Writes the operations. <paramref name="ours"/> names our containers in order, <paramref name="write"/> writes the
    /// k-th of them.
    /// </summary>
    public static InitOrder Write(PodPatch patch, Judgement j, List<string> ours, Action<Utf8JsonWriter, int> write)
    {
        var containers = j.Pod.InitContainers;
        var order = new InitOrder();
        var target = order._final;
        for (var i = 0; i < containers.Length; i++)
        {
            if (Recipients.IsMesh(j, containers[i]))
                target.Add(i);
        }
        for (var k = 0; k < ours.Count; k++)
            target.Add(PodView.IndexOf(containers, ours[k]) ?? ~k);
        for (var i = 0; i < containers.Length; i++)
        {
            if (!Recipients.IsMesh(j, containers[i]) && !PodView.IsReserved(containers[i]))
                target.Add(i);
        }
        if (PodView.Array(j.Pod.Spec, "initContainers"u8).ValueKind != JsonValueKind.Array)
        {
            WriteAll(patch, ours, write);
            return order;
        }
        var current = new List<int>(target.Count);
        for (var i = 0; i < containers.Length; i++)
            current.Add(i);
        for (var place = 0; place < target.Count; place++)
        {
            if (place < current.Count && current[place] == target[place])
                continue;
            if (target[place] < 0)
            {
                write(patch.Begin("add", Paths.InitContainer(place)), ~target[place]);
                patch.End();
            }
            else
            {
                var from = current.IndexOf(target[place]);
                patch.Move(Paths.InitContainer(from), Paths.InitContainer(place));
                current.RemoveAt(from);
            }
            current.Insert(place, target[place]);
        }
        return order;
    }

    /// <summary>Where the container that was at <paramref name="index"/> is after the operations.</summary>
    public int After(int index) => _final.IndexOf(index);

    private static void WriteAll(PodPatch patch, List<string> ours, Action<Utf8JsonWriter, int> write)
    {
        var writer = patch.Begin("add", "/spec/initContainers");
        writer.WriteStartArray();
        for (var k = 0; k < ours.Count; k++)
            write(writer, k);
        writer.WriteEndArray();
        patch.End();
    }
}
