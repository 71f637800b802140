namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Documents one plan field and bounds it. Numbers outside [Minimum, Maximum] are refused with BMF-1003.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PlanFieldAttribute(string description) : Attribute
{
    /// <summary>One sentence.</summary>
    public string Description { get; } = description;

    /// <summary>Unit of the value, or empty.</summary>
    public string Unit { get; init; } = "";

    public double Minimum { get; init; } = double.NegativeInfinity;

    public double Maximum { get; init; } = double.PositiveInfinity;

    /// <summary>Allowed words for text fields; empty means any.</summary>
    public string[] OneOf { get; init; } = [];

    /// <summary>Exact number of items for lists; 0 means any number.</summary>
    public int Items { get; init; }
}
