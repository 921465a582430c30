using System.Globalization;
using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>A failed system call. Catch by <see cref="Errno"/>: <c>catch (LinuxException e) when (e.Errno == Errno.ENODEV)</c>.</summary>
public sealed class LinuxException : IOException
{
    /// <summary>The failure of one call.</summary>
    /// <param name="operation">The call with the arguments that tell what it was about: <c>mount(/a, /b)</c>.</param>
    /// <param name="errno">The positive error number.</param>
    public LinuxException(string operation, int errno)
        : base(string.Create(CultureInfo.InvariantCulture, $"{operation}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})"))
    {
        Operation = operation;
        Errno = errno;
    }

    public string Operation { get; }

    /// <summary>The positive error number (<see cref="Sluice.Linux.Errno"/>).</summary>
    public int Errno { get; }

    /// <summary>The error of the call that this thread made last through a <c>SetLastError</c> import.</summary>
    internal static LinuxException Last(string operation) => new(operation, Marshal.GetLastPInvokeError());
}
