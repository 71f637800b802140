using BrainMVP.Federated.Contracts.Errors;
using ErrorCode = BrainMVP.Federated.Contracts.Errors.ErrorCode;

namespace BrainMVP.Federated.Aggregator.Tests;

internal static class Fails
{
    /// <summary>Demands a numbered error and returns it.</summary>
    public static FederationException With(ErrorCode code, Action action)
    {
        var error = Assert.Throws<FederationException>(action);
        Assert.Equal(code.Id, error.Code.Id);
        return error;
    }

    /// <summary>Demands a numbered error and returns it.</summary>
    public static async Task<FederationException> WithAsync(ErrorCode code, Func<Task> action)
    {
        var error = await Assert.ThrowsAsync<FederationException>(action);
        Assert.Equal(code.Id, error.Code.Id);
        return error;
    }
}
