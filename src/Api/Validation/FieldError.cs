namespace Sluice.Api.Validation;

/// <summary>What is wrong with one field of an object.</summary>
/// <param name="Kind">Whose field it is: <c>Dataset</c>, <c>Runtime</c> or <c>RuntimeProfile</c>.</param>
/// <param name="Path">Such as <c>spec.source.options[endpoint]</c>.</param>
/// <param name="Message">Follows the path and names the remedy.</param>
public sealed record FieldError(string Kind, string Path, string Message)
{
    public override string ToString() => $"{Path}: {Message}";
}
