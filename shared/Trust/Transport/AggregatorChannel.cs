using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using BrainMVP.Federated.Contracts.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>One outgoing connection to the aggregator. The site never listens.</summary>
public sealed class AggregatorChannel : IDisposable
{
    /// <summary>Documents may have 8 MiB; data messages have 64 KiB.</summary>
    private const int MaximumMessageBytes = 20 * 1024 * 1024;

    /// <summary>Longest wait for one of several silos before the next is tried.</summary>
    private static readonly TimeSpan EndpointLimit = TimeSpan.FromSeconds(4);

    private readonly GrpcChannel _channel;
    private readonly AggregatorAddresses _addresses;
    private int _last;

    /// <param name="addresses">https address, or those of several silos.</param>
    /// <param name="trust">Which server is accepted.</param>
    /// <param name="clientCertificate">Asked at each handshake, so that a renewed certificate needs no restart; null answers none.</param>
    public AggregatorChannel(AggregatorAddresses addresses, ServerTrust trust, Func<X509Certificate2?> clientCertificate)
    {
        Trust = trust;
        _addresses = addresses;
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = TimeSpan.FromMinutes(30),
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            ConnectTimeout = TimeSpan.FromSeconds(15),

            // With a connect callback of our own the handler keeps its proxy support; the gRPC library's would replace it.
            ConnectCallback = ConnectAsync,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = trust.Accept;
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => clientCertificate()!;
        _channel = GrpcChannel.ForAddress(addresses.First, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaximumMessageBytes,
            MaxSendMessageSize = MaximumMessageBytes,
        });
        Invoker = _channel.Intercept(new DeadlineInterceptor());
    }

    public ServerTrust Trust { get; }

    public CallInvoker Invoker { get; }

    public void Dispose() => _channel.Dispose();

    /// <summary>
    /// Connects to the silo that answered last, or to the next that does. Through a proxy the handler asks for the proxy,
    /// and there is nothing to choose from.
    /// </summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var all = _addresses.All;
        if (all.Count == 1 || context.DnsEndPoint.Host != _addresses.First.IdnHost || context.DnsEndPoint.Port != _addresses.First.Port)
        {
            return await ConnectAsync(context.DnsEndPoint, cancellation);
        }

        for (var tried = 1; ; tried++)
        {
            var index = Volatile.Read(ref _last);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(EndpointLimit);
            try
            {
                return await ConnectAsync(new DnsEndPoint(all[index].IdnHost, all[index].Port), limit.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && tried < all.Count && !cancellation.IsCancellationRequested)
            {
                // Another call may have gone on to the next one already.
                Interlocked.CompareExchange(ref _last, (index + 1) % all.Count, index);
            }
        }
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endpoint, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancellation);
            return new ReadAheadStream(new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
