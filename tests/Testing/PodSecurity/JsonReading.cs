using System.Text.Json;

namespace Sluice.Testing.PodSecurity;

/// <summary>Reading raw JSON without a word about what is absent: an undefined element stands for it.</summary>
internal static class JsonReading
{
    extension(JsonElement element)
    {
        public bool IsGiven => element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

        public JsonElement At(params ReadOnlySpan<string> path)
        {
            foreach (var name in path)
                element = element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;
            return element;
        }

        public IEnumerable<JsonElement> Items() => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];

        public IEnumerable<JsonProperty> Members() => element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : [];

        public string Text() => element.ValueKind == JsonValueKind.String ? element.GetString()! : "";

        public bool IsTrue => element.ValueKind == JsonValueKind.True;
        public bool IsFalse => element.ValueKind == JsonValueKind.False;

        /// <summary>As it is written, for messages.</summary>
        public string Shown() => element.IsGiven ? element.GetRawText() : "not set";
    }
}
