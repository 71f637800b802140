using BrainMVP.Federated.Contracts.Errors;
using ErrorCode = BrainMVP.Federated.Contracts.Errors.ErrorCode;

namespace BrainMVP.Federated.Training.Tests.Interchange;

internal static class Fails
{
    /// <summary>Demands a numbered error and returns it.</summary>
    public static FederationException With(ErrorCode code, Action action)
    {
        var error = Assert.Throws<FederationException>(action);
        Assert.True(code.Id == error.Code.Id, $"{error.Code.Id}: {error.Message}");
        return error;
    }
}
