using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Enrollment;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.SiteAgent.Transport;

/// <summary>
/// The agent's two connections: one for small calls, one for bulk data, so that a full upload window never delays
/// the sign of life.
/// </summary>
public sealed class SiteLink : IDisposable
{
    private readonly Func<AggregatorChannel> _connect;
    private readonly List<AggregatorChannel> _retired = [];
    private volatile AggregatorChannel _control;
    private volatile AggregatorChannel _bulk;

    public SiteLink(SiteSettings settings, SiteIdentity identity, AggregatorCalls calls, Bandwidth bandwidth, TimeProvider time)
    {
        Calls = calls;
        Bandwidth = bandwidth;
        var url = AggregatorAddresses.Parse(settings.Aggregator);
        _connect = () => new AggregatorChannel(url, new ServerTrust(identity.Authority, time), () => identity.Current);
        _control = _connect();
        _bulk = _connect();
    }

    public AggregatorCalls Calls { get; }

    /// <summary>What bulk data may take of the line.</summary>
    public Bandwidth Bandwidth { get; }

    public AggregatorChannel Control => _control;

    public SiteService.SiteServiceClient Site => new(_control.Invoker);

    public SiteService.SiteServiceClient Uploads => new(_bulk.Invoker);

    /// <summary>Sends whole models.</summary>
    public ArtifactService.ArtifactServiceClient Models => new(_bulk.Invoker);

    /// <summary>The bytes of its parts are lent.</summary>
    public AsyncServerStreamingCall<DownloadPart> Download(DownloadRequest request, CallOptions options) => _bulk.Invoker.AsyncServerStreamingCall(DataMessages.Download, null, options, request);

    /// <summary>Opens fresh connections. The old ones live on for the calls in flight and close with the link.</summary>
    public void Reconnect()
    {
        _retired.AddRange([_control, _bulk]);
        _control = _connect();
        _bulk = _connect();
    }

    public void Dispose()
    {
        foreach (var channel in (AggregatorChannel[])[.. _retired, _control, _bulk])
        {
            channel.Dispose();
        }
    }
}
