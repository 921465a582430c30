using System.Text.Json;

namespace Sluice.Injection;

/// <summary>An array member that is written only when it gets an item.</summary>
internal struct NonEmptyArray(Utf8JsonWriter writer, string name)
{
    private bool _begun;

    /// <summary>Call before each item.</summary>
    public void Begin()
    {
        if (_begun)
            return;
        writer.WriteStartArray(name);
        _begun = true;
    }

    public readonly void End()
    {
        if (_begun)
            writer.WriteEndArray();
    }
}
