namespace BrainMVP.Federated.Contracts.Errors;

/// <summary>One entry of the numbered error catalogue.</summary>
/// <param name="Number">Stable number, printed as <c>BMF-1234</c>. Never reused for another meaning.</param>
/// <param name="Title">What happened, one sentence without details.</param>
/// <param name="Remedy">What the reader can do about it, one sentence.</param>
/// <param name="ExitCode">Process exit code, 1..125.</param>
public sealed record ErrorCode(int Number, string Title, string Remedy, int ExitCode)
{
    /// <summary>The printed form, for example <c>BMF-1101</c>.</summary>
    public string Id => $"BMF-{Number:D4}";

    /// <summary>Makes an exception of this error with the details of one occurrence.</summary>
    /// <param name="detail">What exactly happened: names, values, paths. One sentence.</param>
    /// <param name="inner">The cause, if there was one.</param>
    public FederationException With(string detail, Exception? inner = null) => new(this, detail, inner);
}
