using BrainMVP.Federated.Contracts.Errors;
using Grpc.Core;

namespace BrainMVP.Federated.Trust.Transport;

/// <summary>Turns what a call ended with into the catalogue's errors.</summary>
public static class RpcErrors
{
    /// <summary>
    /// True when the same call may succeed later. Internal is among them: a connection whose keep-alive ping went
    /// unanswered ends with it.
    /// </summary>
    public static bool IsTransient(Exception error) => error switch
    {
        RpcException rpc => CodeOf(rpc) is null && rpc.StatusCode switch
        {
            StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Aborted or StatusCode.ResourceExhausted => true,
            StatusCode.Internal => rpc.Status.DebugException is HttpRequestException or IOException or OperationCanceledException or HttpProtocolException,
            _ => false,
        },
        HttpRequestException or IOException => true,
        FederationException known => known.Code == ErrorCatalogue.Unreachable,
        _ => false,
    };

    /// <summary>The numbered error of an ended call.</summary>
    public static FederationException Translate(RpcException error)
    {
        if (CodeOf(error) is { } code)
        {
            return code.With(error.Status.Detail, error);
        }

        var refusal = Innermost(error);
        if (refusal is FederationException known)
        {
            return known;
        }

        return error.StatusCode switch
        {
            _ when IsTransient(error) => ErrorCatalogue.Unreachable.With($"{error.StatusCode}: {error.Status.Detail}", error),
            StatusCode.Unauthenticated => ErrorCatalogue.CertificateRefused.With(error.Status.Detail, error),
            StatusCode.PermissionDenied => ErrorCatalogue.SiteNotAllowed.With(error.Status.Detail, error),
            StatusCode.Cancelled => ErrorCatalogue.Cancelled.With(error.Status.Detail, error),
            StatusCode.Unimplemented => ErrorCatalogue.ProtocolMismatch.With(error.Status.Detail, error),
            _ => ErrorCatalogue.Unexpected.With($"{error.StatusCode}: {error.Status.Detail}", error),
        };
    }

    private static ErrorCode? CodeOf(RpcException error) => ErrorCatalogue.Find(error.Trailers.GetValue(ErrorTrailer.Name));

    private static Exception? Innermost(RpcException error)
    {
        for (var cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is FederationException)
            {
                return cause;
            }
        }

        return null;
    }
}
