using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>How a numbered error crosses grain calls.</summary>
[GenerateSerializer]
public struct FederationExceptionSurrogate
{
    [Id(0)]
    public string Code { get; set; }

    [Id(1)]
    public string Detail { get; set; }
}

/// <summary>Keeps the number and the sentence; the cause stays in the log of the silo where it happened.</summary>
[RegisterConverter]
public sealed class FederationExceptionConverter : IConverter<FederationException, FederationExceptionSurrogate>
{
    public FederationException ConvertFromSurrogate(in FederationExceptionSurrogate surrogate) =>
        (ErrorCatalogue.Find(surrogate.Code) ?? ErrorCatalogue.Unexpected).With(surrogate.Detail);

    public FederationExceptionSurrogate ConvertToSurrogate(in FederationException value) => new() { Code = value.Code.Id, Detail = value.Message };
}
