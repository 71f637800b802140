using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Transport;
using Grpc.Core;

namespace BrainMVP.Federated.Trust.Tests.Transport;

public sealed class RpcErrorsTests
{
    [Fact]
    public void A_number_crosses_grpc()
    {
        var known = RpcErrors.Translate(new RpcException(new Status(StatusCode.FailedPrecondition, "Round 3."), new Metadata { { ErrorTrailer.Name, "BMF-1303" } }));
        Assert.Equal(("BMF-1303", "Round 3."), (known.Code.Id, known.Message));
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, "BMF-1407")]
    [InlineData(StatusCode.DeadlineExceeded, "BMF-1407")]
    [InlineData(StatusCode.Unimplemented, "BMF-1311")]
    [InlineData(StatusCode.Unknown, "BMF-1901")]
    public void A_call_that_ended_without_a_number_gets_one(StatusCode status, string number) =>
        Assert.Equal(number, RpcErrors.Translate(new RpcException(new Status(status, "gone"))).Code.Id);
}
