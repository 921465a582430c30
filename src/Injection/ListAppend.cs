using System.Text.Json;

namespace Sluice.Injection;

/// <summary>
/// Appends items to a list of the pod: one operation each where the list exists, a single one with the whole list where it
/// is absent or null.
/// </summary>
internal ref struct ListAppend(PodPatch patch, string owner, string member, bool exists)
{
    private Utf8JsonWriter? _list; // of the single operation, once begun

    /// <summary>Begins an item; the caller writes its value, then calls <see cref="End"/>.</summary>
    public Utf8JsonWriter Begin()
    {
        if (exists)
            return patch.Begin("add", owner, member, "/-");
        if (_list is null)
        {
            _list = patch.Begin("add", owner, member);
            _list.WriteStartArray();
        }
        return _list;
    }

    public readonly void End()
    {
        if (exists)
            patch.End();
    }

    /// <summary>Closes the list.</summary>
    public readonly void Dispose()
    {
        if (_list is null)
            return;
        _list.WriteEndArray();
        patch.End();
    }
}
