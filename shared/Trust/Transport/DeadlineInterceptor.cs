using Grpc.Core;
using Grpc.Core.Interceptors;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>Refuses calls without a deadline, streams too: nothing that talks to the aggregator waits for ever.</summary>
public sealed class DeadlineInterceptor : Interceptor
{
    /// <exception cref="InvalidOperationException">The call has no deadline.</exception>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, Require(context));

    /// <exception cref="InvalidOperationException">The call has no deadline.</exception>
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, Require(context));

    /// <exception cref="InvalidOperationException">The call has no deadline.</exception>
    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, Require(context));

    /// <exception cref="InvalidOperationException">The call has no deadline.</exception>
    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(Require(context));

    /// <exception cref="InvalidOperationException">The call has no deadline.</exception>
    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(Require(context));

    private static ClientInterceptorContext<TRequest, TResponse> Require<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class => context.Options.Deadline is null
            ? throw new InvalidOperationException($"{context.Method.FullName} was called without a deadline.")
            : context;
}
