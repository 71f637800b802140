using BrainMVP.Federated.Networks.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Devices;

/// <summary>
/// One replica for each device. The first one is the master: it holds what is saved, and the optimiser works on it. The
/// micro-batches of a step are dealt out in turn; their gradients are added on the master in the order of the devices,
/// so its gradients are the same on any number of devices. Running statistics are the mean over the devices.
/// </summary>
internal sealed class ReplicaGroup : IDisposable
{
    private readonly IReadOnlyList<Replica> _replicas;
    private readonly DeviceThread[] _threads;

    /// <param name="replicas">At least one; belong to the group from now on.</param>
    public ReplicaGroup(IReadOnlyList<Replica> replicas)
    {
        _replicas = replicas;
        _threads = replicas.Count == 1 ? [] : [.. replicas.Select(r => new DeviceThread($"device {r.Device}"))];
    }

    public Replica Master => _replicas[0];

    public int Count => _replicas.Count;

    /// <summary>Runs the n-th work on replica n modulo the number of devices; returns the results in order.</summary>
    public IReadOnlyList<T> Run<T>(IReadOnlyList<Func<Replica, T>> works)
    {
        if (_threads.Length == 0)
        {
            return [.. works.Select(work => work(Master))];
        }

        var tasks = _threads
            .Select((thread, device) => thread.Run(() => works.Where((_, i) => i % _replicas.Count == device).Select(work => work(_replicas[device])).ToArray()))
            .ToArray();

        // All of them end before anything is thrown: nobody may still write gradients then.
        // Replicas cannot be cancelled inside native code; the agent ends a trainer that makes no progress.
#pragma warning disable RS0030
        Task.WhenAll(tasks).ContinueWith(_ => { }, TaskScheduler.Default).GetAwaiter().GetResult();
        var results = tasks.Select(t => t.GetAwaiter().GetResult()).ToArray();
#pragma warning restore RS0030
        return [.. works.Select((_, i) => results[i % _replicas.Count][i / _replicas.Count])];
    }

    /// <summary>Switches every replica to training; statistics of batch normalisations stay as they are where frozen.</summary>
    public void Train(bool freezeStatistics)
    {
        foreach (var replica in _replicas)
        {
            replica.Model.train();
            if (freezeStatistics)
            {
                foreach (var norm in replica.Model.BatchNorms)
                {
                    norm.eval();
                }
            }
        }
    }

    public void ClearGradients()
    {
        foreach (var parameter in _replicas.SelectMany(r => r.Trained).Select(t => t.Value))
        {
            parameter.grad = null;
        }
    }

    /// <summary>Adds the gradients of all replicas on the master.</summary>
    public void CollectGradients()
    {
        foreach (var replica in _replicas.Skip(1))
        {
            foreach (var (sum, part) in Master.Trained.Select(t => t.Value).Zip(replica.Trained.Select(t => t.Value)))
            {
                using var scope = NewDisposeScope();
                if (part.grad is not { } gradient)
                {
                    continue;
                }

                var arrived = gradient.to(Master.Device);
                if (sum.grad is { } known)
                {
                    known.add_(arrived);
                }
                else
                {
                    sum.grad = arrived.DetachFromDisposeScope();
                }
            }
        }
    }

    /// <summary>Gives every replica the master's parameters and the mean of the running statistics.</summary>
    /// <param name="active">Replicas that had work: the others' statistics are of the step before.</param>
    public void Spread(int active)
    {
        if (_replicas.Count == 1)
        {
            return;
        }

        using var noGradient = no_grad();
        foreach (var (name, statistic) in Master.Model.State.Statistics)
        {
            using var scope = NewDisposeScope();
            statistic.copy_(stack(_replicas.Take(active).Select(r => r.Model.State.Statistics[name].to(Master.Device)).ToArray()).mean([0L]));
        }

        foreach (var replica in _replicas.Skip(1))
        {
            foreach (var (from, to) in Everything(Master).Zip(Everything(replica)))
            {
                to.copy_(from);
            }
        }
    }

    /// <summary>Copies of all running statistics; a step that ran out of memory starts again from them.</summary>
    public IReadOnlyList<Tensor> CopyStatistics()
    {
        using var noGradient = no_grad();
        return [.. Statistics().Select(s => s.clone())];
    }

    public void RestoreStatistics(IReadOnlyList<Tensor> copies)
    {
        using var noGradient = no_grad();
        foreach (var (statistic, copy) in Statistics().Zip(copies))
        {
            statistic.copy_(copy);
        }
    }

    public void Dispose()
    {
        foreach (var thread in _threads)
        {
            thread.Dispose();
        }

        foreach (var replica in _replicas)
        {
            replica.Dispose();
        }
    }

    private static IEnumerable<Tensor> Everything(Replica replica) => replica.Trained.Select(t => (Tensor)t.Value).Concat(replica.Model.State.Statistics.Values);

    private IEnumerable<Tensor> Statistics() => _replicas.SelectMany(r => r.Model.State.Statistics.Values);
}
