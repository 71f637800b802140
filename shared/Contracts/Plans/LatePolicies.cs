namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Values of <c>quorum.latePolicy</c>.</summary>
public static class LatePolicies
{
    /// <summary>Work that missed its round is thrown away.</summary>
    public const string Discard = "discard";

    /// <summary>The site keeps its change and encodes it again under the roster of the next round it reaches.</summary>
    public const string Carry = "carry";

    public static bool Carries(this QuorumPlan quorum) => quorum.LatePolicy == Carry;
}
