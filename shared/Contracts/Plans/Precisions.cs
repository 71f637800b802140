namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Values of <c>training.precision</c>.</summary>
public static class Precisions
{
    public const string Fp32 = "fp32";

    public const string Bf16 = "bf16";

    public const string Fp16 = "fp16";
}
