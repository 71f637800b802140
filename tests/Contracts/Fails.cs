using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Tests;

internal static class Fails
{
    /// <summary>Demands a numbered error and returns it.</summary>
    public static FederationException With(ErrorCode code, Action action)
    {
        var error = Assert.Throws<FederationException>(action);
        Assert.Equal(code.Id, error.Code.Id);
        return error;
    }

    /// <summary>Demands a numbered error whose sentence holds every given part.</summary>
    public static void Saying(ErrorCode code, Action action, params string[] parts)
    {
        var error = With(code, action);
        foreach (var part in parts)
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }
}
