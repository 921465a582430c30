using System.Diagnostics.CodeAnalysis;

namespace Sluice.Cli.Check;

/// <summary>What was read of a cluster, or why it was not: a check that needs it ends there, and the others go on.</summary>
internal sealed class Reading<T>
{
    private readonly T? _value;

    private Reading(T? value, string? why) => (_value, Why) = (value, why);

    /// <summary>Why it was not read; null when it was.</summary>
    public string? Why { get; }

    public static Reading<T> Of(T value) => new(value, null);

    /// <summary>It was not read.</summary>
    /// <param name="why">In the words of whoever did not answer.</param>
    public static Reading<T> Unseen(string why) => new(default, why);

    /// <summary>The value; or, when there is none, what a check that needs it says.</summary>
    public bool TryGet([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out CheckResult? unseen)
    {
        value = _value;
        unseen = Why is null ? null : CheckResult.Unseen(Why);
        return Why is null;
    }

    /// <summary>What two readings say together.</summary>
    public Reading<TResult> With<TOther, TResult>(Reading<TOther> other, Func<T, TOther, TResult> together)
    {
        if (Why is not null)
            return Reading<TResult>.Unseen(Why);
        return other.Why is null ? Reading<TResult>.Of(together(_value!, other._value!)) : Reading<TResult>.Unseen(other.Why);
    }
}
