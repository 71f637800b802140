namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Values of <c>aggregation.broadcast</c>.</summary>
public static class BroadcastFormats
{
    /// <summary>Sites fetch the whole model.</summary>
    public const string Full = "full";

    /// <summary>Sites that have the model before fetch its change as 16-bit floats.</summary>
    public const string Fp16 = "fp16";

    /// <summary>The same as 8-bit integers with one scale for each 1,024 of them.</summary>
    public const string Int8 = "int8";
}
