using BrainMVP.Federated.Contracts.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Turns numbered errors into gRPC statuses: the number in the trailer <c>bmf-code</c>, the sentence in the status.</summary>
public sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Convert(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Convert(e, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Convert(e, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Convert(e, context);
        }
    }

    private RpcException Convert(Exception error, ServerCallContext context)
    {
        if (error is OperationCanceledException || context.CancellationToken.IsCancellationRequested)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));
        }

        // Orleans delivers exceptions of grains with their type; what is not ours stays inside.
        var known = error as FederationException ?? Away(error);
        var code = known?.Code ?? ErrorCatalogue.Unexpected;
        if (known is null)
        {
            LogUnexpected(logger, error, context.Method);
        }

        return new RpcException(
            new Status(StatusOf(code), known?.Message ?? "See the aggregator's log."),
            new Metadata { { ErrorTrailer.Name, code.Id } });
    }

    /// <summary>The database or another silo is away for a moment: the caller tries again.</summary>
    private static FederationException? Away(Exception error) => error.GetBaseException() switch
    {
        Npgsql.NpgsqlException or System.Net.Sockets.SocketException or TimeoutException => ErrorCatalogue.StorageUnavailable.With("The database does not answer.", error),
        OrleansException => ErrorCatalogue.StorageUnavailable.With("A silo does not answer; another one takes over.", error),
        _ => null,
    };

    private static StatusCode StatusOf(Contracts.Errors.ErrorCode code) => code.Number switch
    {
        1201 or 1202 => StatusCode.Unauthenticated,
        1203 or 1204 or 1207 => StatusCode.PermissionDenied,
        1308 or 1310 or 1401 => StatusCode.NotFound,
        1403 => StatusCode.ResourceExhausted,
        1404 => StatusCode.Unavailable,
        >= 1000 and < 1200 => StatusCode.InvalidArgument,
        >= 1300 and < 1400 => StatusCode.FailedPrecondition,
        1402 => StatusCode.DataLoss,
        _ => StatusCode.Internal,
    };

    [LoggerMessage(1, LogLevel.Error, "{Method} failed unexpectedly.")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string method);
}
