using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.SiteAgent.Transport;

/// <summary>Holds uploads and downloads to what the site's policy allows. A change of the policy counts within seconds, also for transfers under way.</summary>
/// <param name="policy">Reads the policy.</param>
/// <param name="time">Clock of the schedule.</param>
public sealed class Bandwidth(Func<PolicyDocument> policy, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private readonly Pace _up = new(time);
    private readonly Pace _down = new(time);
    private readonly Lock _gate = new();
    private (long At, PolicyDocument Policy)? _known;

    /// <summary>Waits until so many bytes may be sent.</summary>
    public Task UpAsync(int bytes, CancellationToken cancellation) => _up.TakeAsync(bytes, Pace.BytesPerSecond(Policy().UploadMegabits), cancellation);

    /// <summary>Waits until so many bytes may be received.</summary>
    public Task DownAsync(int bytes, CancellationToken cancellation) => _down.TakeAsync(bytes, Pace.BytesPerSecond(Policy().DownloadMegabits), cancellation);

    private PolicyDocument Policy()
    {
        lock (_gate)
        {
            if (_known is not { } known || time.GetElapsedTime(known.At) > LookAgain)
            {
                _known = known = (time.GetTimestamp(), policy());
            }

            return known.Policy;
        }
    }
}
