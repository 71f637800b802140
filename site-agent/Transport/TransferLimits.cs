namespace BrainMVP.Federated.SiteAgent.Transport;

/// <summary>How long a stream of bulk data may take.</summary>
/// <param name="Silence">Longest time without any byte or acknowledgement; then the stream is cut and begun again.</param>
/// <param name="Total">Longest time of one stream; a longer transfer goes on with the next.</param>
/// <param name="Tries">Streams in a row without progress before the transfer fails.</param>
public sealed record TransferLimits(TimeSpan Silence, TimeSpan Total, int Tries)
{
    public static TransferLimits Default { get; } = new(TimeSpan.FromSeconds(60), TimeSpan.FromHours(1), 6);
}
