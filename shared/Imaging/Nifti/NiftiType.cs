namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>The scalar voxel types of the NIfTI standard.</summary>
internal enum NiftiType
{
    UInt8 = 2,
    Int16 = 4,
    Int32 = 8,
    Float32 = 16,
    Float64 = 64,
    Int8 = 256,
    UInt16 = 512,
    UInt32 = 768,
    Int64 = 1024,
    UInt64 = 1280,
}

internal static class NiftiTypes
{
    /// <summary>Bytes of one voxel; 0 for a type that is not a scalar this reader knows.</summary>
    public static int SizeOf(int code) => (NiftiType)code switch
    {
        NiftiType.UInt8 or NiftiType.Int8 => 1,
        NiftiType.Int16 or NiftiType.UInt16 => 2,
        NiftiType.Int32 or NiftiType.UInt32 or NiftiType.Float32 => 4,
        NiftiType.Float64 or NiftiType.Int64 or NiftiType.UInt64 => 8,
        _ => 0,
    };
}
