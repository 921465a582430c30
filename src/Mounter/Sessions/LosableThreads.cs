namespace Sluice.Mounter.Sessions;

/// <summary>
/// Threads for calls that may hang in the kernel for ever: an unmount, a read of another task's /proc files. Whoever asked
/// stops waiting after a time; a thread that hangs is lost, and so many may be at once.
/// </summary>
internal sealed class LosableThreads(int limit)
{
    private const int StackSize = 256 * 1024; // arbitrary: a few frames and a mountinfo line
    private int _running;

    /// <summary>Threads that run or hang now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Runs <paramref name="work"/> on a thread of its own.</summary>
    /// <exception cref="TimeoutException">It took longer than <paramref name="patience"/>, or too many hang already. It may still come to its end.</exception>
    public async Task<T> RunAsync<T>(string name, Func<T> work, TimeSpan patience)
    {
        if (Interlocked.Increment(ref _running) > limit)
        {
            Interlocked.Decrement(ref _running);
            throw new TimeoutException($"{name}: {limit} calls hang in the kernel already");
        }
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    result.SetResult(work());
                }
                catch (Exception e)
                {
                    result.SetException(e);
                }
                finally
                {
                    Interlocked.Decrement(ref _running);
                }
            },
            StackSize)
        {
            Name = name,
            IsBackground = true,
        };
        try
        {
            thread.Start();
        }
        catch
        {
            Interlocked.Decrement(ref _running);
            throw;
        }
        try
        {
            return await result.Task.WaitAsync(patience);
        }
        catch (TimeoutException e) when (!result.Task.IsCompleted)
        {
            throw new TimeoutException($"{name} took longer than {patience.TotalSeconds:0.#} s", e);
        }
    }
}
