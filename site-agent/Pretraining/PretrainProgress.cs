using BrainMVP.Federated.Contracts.Documents;

namespace BrainMVP.Federated.SiteAgent.Pretraining;

/// <summary>One finished round.</summary>
/// <param name="Losses">Means over the round.</param>
/// <param name="Validation">Of the model that the round started from.</param>
/// <param name="Seconds">Of training.</param>
/// <param name="PeakMemoryBytes">Of the trainer process.</param>
/// <param name="DeviceMemoryBytes">Largest use of the first CUDA device after a step, by all processes; 0 on the CPU.</param>
public sealed record PretrainRound(
    int Round,
    int Steps,
    IReadOnlyDictionary<string, double> Losses,
    IReadOnlyDictionary<string, ValidationSum> Validation,
    double Seconds,
    long PeakMemoryBytes,
    IReadOnlyList<string> Notes,
    long DeviceMemoryBytes = 0);

/// <summary>How far a local pre-training is.</summary>
public sealed record PretrainProgress
{
    /// <summary>Hash of plan, data and start.</summary>
    public required string Identity { get; init; }

    public IReadOnlyList<PretrainRound> Rounds { get; init; } = [];
}
