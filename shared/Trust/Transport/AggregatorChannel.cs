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

    private readonly GrpcChannel _channel;

    /// <param name="url">https address.</param>
    /// <param name="trust">Which server is accepted.</param>
    /// <param name="clientCertificate">Asked at each handshake, so that a renewed certificate needs no restart; null answers none.</param>
    public AggregatorChannel(Uri url, ServerTrust trust, Func<X509Certificate2?> clientCertificate)
    {
        Trust = trust;
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
        _channel = GrpcChannel.ForAddress(url, new GrpcChannelOptions
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

    /// <exception cref="FederationException">BMF-1006 when the text is not an https address.</exception>
    public static Uri ParseAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps
            ? url
            : throw ErrorCatalogue.ArgumentInvalid.With($"\"{text}\" is not an address like https://aggregator.example:8443.");

    public void Dispose() => _channel.Dispose();

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
