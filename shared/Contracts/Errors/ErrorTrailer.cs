namespace BrainMVP.Federated.Contracts.Errors;

/// <summary>How numbered errors cross gRPC: the number in this trailer, the sentence in the status detail.</summary>
public static class ErrorTrailer
{
    public const string Name = "bmf-code";
}
