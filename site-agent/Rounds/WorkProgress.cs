using BrainMVP.Federated.Contracts.V1;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>What the agent does now, for the administrator's view. Written by the worker, read by the poller.</summary>
public sealed class WorkProgress
{
    private readonly Lock _gate = new();
    private ProgressEntry? _entry;

    public ProgressEntry? Current
    {
        get
        {
            lock (_gate)
            {
                return _entry?.Clone();
            }
        }
    }

    public void Set(string run, int round, string phase, long done = 0, long total = 0, double loss = 0)
    {
        lock (_gate)
        {
            _entry = new ProgressEntry { Run = run, Round = round, Phase = phase, Done = done, Total = total, Loss = double.IsFinite(loss) ? loss : 0 };
        }
    }

    public void Idle()
    {
        lock (_gate)
        {
            if (_entry is not null)
            {
                _entry = new ProgressEntry { Run = _entry.Run, Round = _entry.Round, Phase = "idle" };
            }
        }
    }
}
