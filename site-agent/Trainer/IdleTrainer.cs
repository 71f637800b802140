namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>At most one trainer without a job, which ends when none comes for <see cref="KeepFor"/>.</summary>
internal sealed class IdleTrainer(TimeProvider time)
{
    /// <summary>Covers the way from one round to the next where models are small; larger ones train for much longer than a start takes.</summary>
    public static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private TrainerChild? _child;
    private int _threads;
    private ITimer? _end;

    /// <summary>The idle trainer, when there is one with as many threads.</summary>
    public TrainerChild? Take(int threads)
    {
        lock (_gate)
        {
            var child = _child;
            (_child, var end) = (null, _end);
            _end = null;
            end?.Dispose();
            if (child is null || (_threads == threads && !child.HasExited))
            {
                return child;
            }

            child.Dispose();
            return null;
        }
    }

    /// <summary>Keeps a trainer that finished its job, or ends it when another one is kept already.</summary>
    public void Keep(TrainerChild child, int threads)
    {
        lock (_gate)
        {
            if (_child is not null || child.HasExited)
            {
                child.Dispose();
                return;
            }

            (_child, _threads) = (child, threads);
            _end = time.CreateTimer(_ => End(child), null, KeepFor, Timeout.InfiniteTimeSpan);
        }
    }

    private void End(TrainerChild child)
    {
        lock (_gate)
        {
            if (_child != child)
            {
                return;
            }

            _child = null;
            _end?.Dispose();
            _end = null;
            child.Dispose();
        }
    }
}
