using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.SiteAgent.Transport;

/// <summary>Makes unary calls: a deadline each, bounded retries on transport failures, numbered errors.</summary>
public sealed class AggregatorCalls(TimeProvider time)
{
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(30);

    private const int Tries = 6;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    /// <summary>Calls and retries. Only for calls whose repetition is harmless, which all of the site's are.</summary>
    /// <exception cref="FederationException">What the server answered, or BMF-1407 when it stays away.</exception>
    public async Task<T> CallAsync<T>(AggregatorChannel channel, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await OnceAsync(channel, call, cancellation, deadline);
            }
            catch (FederationException e) when (e.Code == ErrorCatalogue.Unreachable && failures < Tries)
            {
                await Task.Delay(Backoff.After(failures, LongestWait), time, cancellation);
            }
        }
    }

    /// <summary>Calls once.</summary>
    public async Task<T> OnceAsync<T>(AggregatorChannel channel, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        try
        {
            var end = time.GetUtcNow() + (deadline ?? DefaultDeadline);
            using var running = call(new CallOptions(deadline: end.UtcDateTime, cancellationToken: cancellation));
            return await running.ResponseAsync;
        }
        catch (RpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (RpcException e)
        {
            var error = RpcErrors.Translate(e);

            // A refused handshake reaches the caller as "unavailable"; the reason was noted where it was decided.
            throw error.Code == ErrorCatalogue.Unreachable && channel.Trust.Refusal is { } refusal ? refusal : error;
        }
    }
}
