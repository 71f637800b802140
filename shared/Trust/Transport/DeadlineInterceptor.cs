using Grpc.Core;
using Grpc.Core.Interceptors;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>Refuses unary calls without a deadline: nothing in the agent waits for ever.</summary>
public sealed class DeadlineInterceptor : Interceptor
{
    /// <exception cref="InvalidOperationException">The call has no deadline.</exception>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
        context.Options.Deadline is null
            ? throw new InvalidOperationException($"{context.Method.FullName} was called without a deadline.")
            : continuation(request, context);
}
