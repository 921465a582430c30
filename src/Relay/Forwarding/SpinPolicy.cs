using System.Globalization;
using Sluice.Linux;

namespace Sluice.Relay.Forwarding;

/// <summary>Whether the relay may look for messages instead of sleeping.</summary>
internal enum SpinMode
{
    /// <summary>Where the container has a core to spare (<see cref="SpinPolicy"/>).</summary>
    Auto,
    On,
    Off,
}

/// <summary>
/// Spinning takes up to one core while traffic lasts. It is allowed where the container asked for a core at least
/// (cpu.weight 39 is a request of 1000m), may use two (cpu.max), and is not being throttled. Where no limits can be seen, on
/// cgroup v1 too, there are none.
/// </summary>
/// <param name="group">The container's; null where it cannot be seen.</param>
/// <param name="mode">What the command says.</param>
internal sealed class SpinPolicy(ControlGroup? group, SpinMode mode)
{
    private const int WeightOfOneCore = 39; // kubelet: 1 + (1024 - 2) * 9999 / 262142
    private static readonly TimeSpan AfterThrottling = TimeSpan.FromSeconds(10); // arbitrary

    private long? _throttled;
    private long _quietUntil;

    /// <summary>The group of this process that counts processor time.</summary>
    public static ControlGroup? FindGroup() => ControlGroup.Find("cpu", "cpu.weight");

    /// <summary>Whether the session should be carried by the one thread that can spin.</summary>
    public bool IsPossible => mode == SpinMode.On || (mode == SpinMode.Auto && Environment.ProcessorCount > 1 && HasCore() && Quota() >= 2);

    /// <summary>Whether it may spin just now; asked every now and then.</summary>
    public bool MaySpin()
    {
        if (mode == SpinMode.On)
            return true;
        long now = Environment.TickCount64;
        long? throttled = Field("cpu.stat", "nr_throttled ");
        if (throttled > _throttled)
            _quietUntil = now + (long)AfterThrottling.TotalMilliseconds;
        _throttled = throttled;
        return now >= _quietUntil;
    }

    private bool HasCore() => (Field("cpu.weight", "") ?? WeightOfOneCore) >= WeightOfOneCore;

    /// <summary>Cores that cpu.max grants ("QUOTA PERIOD", or "max PERIOD").</summary>
    private double Quota()
    {
        string[] fields = (group?.Read("cpu.max") ?? "").Split(' ');
        return fields.Length == 2 && double.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out double quota) && double.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out double period)
            ? quota / period
            : double.MaxValue;
    }

    private long? Field(string file, string name)
    {
        foreach (string line in (group?.Read(file) ?? "").Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && long.TryParse(line.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
                return value;
        }
        return null;
    }
}
