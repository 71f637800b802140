using Grpc.Core;

namespace BrainMVP.Federated.Contracts.Errors;

/// <summary>How numbered errors cross gRPC: the number in a trailer, the sentence in the status detail.</summary>
public static class ErrorTrailer
{
    public const string Name = "bmf-code";

    /// <summary>The numbered error of a failed call; transport failures become BMF-1407.</summary>
    public static FederationException Read(RpcException error)
    {
        var code = ErrorCatalogue.Find(error.Trailers.GetValue(Name));
        if (code is not null)
        {
            return code.With(error.Status.Detail, error);
        }

        return error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled
            ? ErrorCatalogue.Unreachable.With($"{error.StatusCode}: {error.Status.Detail}", error)
            : ErrorCatalogue.Unexpected.With($"{error.StatusCode}: {error.Status.Detail}", error);
    }
}
