using System.Collections.Concurrent;

namespace BrainMVP.Federated.Training.Devices;

/// <summary>
/// A thread that does the work of one device: dispose scopes, gradient and autocast switches belong to a thread, so a
/// replica must not wander between threads of the pool.
/// </summary>
internal sealed class DeviceThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = new(boundedCapacity: 1);
    private readonly Thread _thread;

    public DeviceThread(string name)
    {
        _thread = new Thread(() =>
        {
            foreach (var work in _work.GetConsumingEnumerable())
            {
                work();
            }
        })
        {
            IsBackground = true,
            Name = name,
        };
        _thread.Start();
    }

    public Task<T> Run<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>();
        _work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        // A step cannot be cancelled inside native code; the agent ends a trainer that makes no progress.
#pragma warning disable RS0030
        _thread.Join();
#pragma warning restore RS0030
        _work.Dispose();
    }
}
