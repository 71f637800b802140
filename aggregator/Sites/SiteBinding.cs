using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.Aggregator.Sites;

/// <summary>Binds the service as it was generated, except that the bytes of uploads are read into lent blocks.</summary>
internal static class SiteBinding
{
    /// <summary>Called by the server once, without a service.</summary>
    public static void Bind(ServiceBinderBase binder, SiteService.SiteServiceBase? service) => SiteService.BindService(new Lending(binder), service!);

    private sealed class Lending(ServiceBinderBase inner) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(method, handler!);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(method, handler!);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(method, handler!);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(
            DataMessages.Uploads is Marshaller<TRequest> uploads ? new Method<TRequest, TResponse>(method.Type, method.ServiceName, method.Name, uploads, method.ResponseMarshaller) : method,
            handler!);
    }
}
