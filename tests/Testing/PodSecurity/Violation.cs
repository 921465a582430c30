namespace Sluice.Testing.PodSecurity;

/// <summary>What one control holds against a pod.</summary>
/// <param name="Control">The control's name in the standard.</param>
/// <param name="Field">By names, not by indexes, so that a pod before and after the injection can be compared.</param>
/// <param name="Found">What stands there.</param>
public readonly record struct Violation(string Control, string Field, string Found)
{
    public override string ToString() => $"{Control}: {Field} is {Found}";
}
