using FluentValidation;

namespace Sluice.Api.Validation;

/// <summary>Reports that the field at a path is wrong; the message names the remedy.</summary>
internal delegate void Fail(string path, string message);

/// <summary>
/// Rules over a whole object that name their fields themselves (<c>spec.source.uri</c>): FluentValidation would take names
/// from expressions, which are C#'s and not what users wrote.
/// </summary>
public abstract class ResourceValidator<T> : AbstractValidator<T>
{
    private protected void Rule(Action<T, Fail> check) =>
        RuleFor(resource => resource).Custom((resource, context) => check(resource, (path, message) => context.AddFailure(path, message)));
}
