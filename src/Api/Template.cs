using System.Buffers;
using System.Collections.Immutable;

namespace Sluice.Api;

/// <summary>
/// A text with placeholders: <c>${name}</c>, or <c>${name:-default}</c> for a value that may be unset; <c>$${</c> is a
/// literal <c>${</c>. Nothing here passes through a shell. Parsed once, rendered often without allocation.
/// </summary>
public sealed class Template
{
    private Template(string text, ImmutableArray<TemplatePart> parts)
    {
        Text = text;
        Parts = parts;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }
    public ImmutableArray<TemplatePart> Parts { get; }

    /// <summary>The whole text is this one placeholder; null otherwise.</summary>
    public TemplatePart? Single => Parts is [{ IsPlaceholder: true }] ? Parts[0] : null;

    /// <summary>Parses <paramref name="text"/>; on failure <paramref name="error"/> says where and why.</summary>
    public static bool TryParse(string text, out Template template, out string? error)
    {
        var parts = ImmutableArray.CreateBuilder<TemplatePart>();
        var literal = new System.Text.StringBuilder();
        template = new Template(text, []);
        for (var i = 0; i < text.Length;)
        {
            if (text.AsSpan(i).StartsWith("$${"))
            {
                literal.Append("${");
                i += 3;
            }
            else if (text.AsSpan(i).StartsWith("${"))
            {
                var end = text.IndexOf('}', i);
                if (end < 0)
                {
                    error = $"\"${{\" at character {i + 1} is never closed: write $${{ for a literal one";
                    return false;
                }
                var inside = text[(i + 2)..end];
                var colon = inside.IndexOf(":-", StringComparison.Ordinal);
                var name = colon < 0 ? inside : inside[..colon];
                if (!IsName(name))
                {
                    error = $"${{{inside}}} is not a placeholder: write ${{name}} or ${{name:-default}}";
                    return false;
                }
                if (inside.Contains("${", StringComparison.Ordinal))
                {
                    error = $"${{{inside}}} holds a placeholder in its default, where only literal text may stand";
                    return false;
                }
                Flush();
                parts.Add(new TemplatePart(name, IsPlaceholder: true, colon < 0 ? null : inside[(colon + 2)..]));
                i = end + 1;
            }
            else
            {
                literal.Append(text[i++]);
            }
        }
        Flush();
        template = new Template(text, parts.ToImmutable());
        error = null;
        return true;

        void Flush()
        {
            if (literal.Length == 0)
                return;
            parts.Add(new TemplatePart(literal.ToString(), IsPlaceholder: false, null));
            literal.Clear();
        }
    }

    private static bool IsName(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>
    /// Appends the rendered text to <paramref name="output"/>. When it returns anything but
    /// <see cref="TemplateOutcome.Rendered"/>, what was appended is void and <paramref name="placeholder"/> names the cause.
    /// </summary>
    public TemplateOutcome Render<TValues>(TValues values, IBufferWriter<char> output, out string? placeholder)
        where TValues : ITemplateValues, allows ref struct
    {
        foreach (var part in Parts)
        {
            var text = part.Text;
            if (part.IsPlaceholder)
            {
                if (!values.TryGet(part.Text, out var value))
                {
                    placeholder = part.Text;
                    return TemplateOutcome.Unknown;
                }
                value ??= part.Default;
                if (value is null)
                {
                    placeholder = part.Text;
                    return TemplateOutcome.Unset;
                }
                text = value;
            }
            output.Write(text);
        }
        placeholder = null;
        return TemplateOutcome.Rendered;
    }
}

/// <summary>Literal text, or the name of a placeholder with the default behind <c>:-</c>, if one is given.</summary>
public readonly record struct TemplatePart(string Text, bool IsPlaceholder, string? Default);

public enum TemplateOutcome
{
    Rendered,

    /// <summary>A placeholder is known but has no value: the argv item or variable is left out.</summary>
    Unset,

    /// <summary>No such placeholder.</summary>
    Unknown,
}

/// <summary>Where placeholders get their values.</summary>
public interface ITemplateValues
{
    /// <summary>False: no such placeholder. True with a null <paramref name="value"/>: known, but unset.</summary>
    bool TryGet(string name, out string? value);
}
