namespace BrainMVP.Federated.Contracts.Errors;

/// <summary>An error with a number, a sentence that says what happened and a sentence that says what to do.</summary>
public sealed class FederationException : Exception
{
    public FederationException(ErrorCode code, string detail, Exception? inner = null)
        : base(detail, inner)
    {
        Code = code;
    }

    /// <summary>The entry of the catalogue.</summary>
    public ErrorCode Code { get; }

    /// <summary>Two lines for a person: number and detail, then the remedy.</summary>
    public string ToDisplayText() => $"{Code.Id}: {Code.Title} {Message}{Environment.NewLine}  What to do: {Code.Remedy}";
}
