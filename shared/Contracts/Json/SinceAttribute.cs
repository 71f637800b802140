namespace BrainMVP.Federated.Contracts.Json;

/// <summary>
/// A member that readers of an earlier protocol version do not know. While it has its default it is left out, so that
/// documents that do not use it have the same bytes, and the same hash, as those of the earlier version.
/// </summary>
/// <param name="version">Protocol version that brought the member, 2 or higher.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SinceAttribute(int version) : Attribute
{
    public int Version { get; } = version;
}
