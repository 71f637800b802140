namespace BrainMVP.Federated.Simulation.Commands;

/// <summary>What to simulate. Null leaves a value to the plan.</summary>
public sealed record SimulationOptions
{
    public int? Sites { get; init; }

    public int? Rounds { get; init; }

    public int? LocalSteps { get; init; }

    public long? Seed { get; init; }

    public string? Plan { get; init; }

    /// <summary>Of a supervised plan: pre-trained model, a file or the folder of an earlier simulation; null starts untrained.</summary>
    public string? Encoder { get; init; }

    /// <summary>Folder with the templates that stand in for missing modalities; null for those beside the encoder.</summary>
    public string? Templates { get; init; }

    public required IReadOnlyList<string> Data { get; init; }

    public required string Out { get; init; }

    public bool Keep { get; init; }

    /// <summary>Port of the aggregator; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Longest wait for a person when the run pauses, seconds.</summary>
    public int PauseLimitSeconds { get; init; }

    /// <summary>Processes of the aggregator, 1..8.</summary>
    public int Silos { get; init; } = 1;

    /// <summary>Bucket of the silos, as <c>aggregator serve --s3</c> takes it; null for a shared folder.</summary>
    public string? Bucket { get; init; }

    /// <summary>Whether the aggregator keeps its state in a PostgreSQL that the simulation starts.</summary>
    public bool Postgres { get; init; }

    /// <summary>Folder of the aggregator; null for one in the output folder.</summary>
    public string? AggregatorFolder { get; init; }

    /// <summary>Faults on demand, each WHO@round=R,step=S.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>What all trainers run on. Only the CPU gives the same bytes twice.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Side of a phantom voxel in mm.</summary>
    public int PhantomSpacing { get; init; }
}
