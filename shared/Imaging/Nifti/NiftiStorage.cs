using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>Voxel types that <see cref="NiftiWriter"/> writes; none is ever scaled.</summary>
public enum NiftiStorage
{
    /// <summary>Any value as it is.</summary>
    Float32,

    /// <summary>Whole numbers 0..255: label maps.</summary>
    UInt8,

    /// <summary>Whole numbers -32768..32767: what scanners store.</summary>
    Int16,

    /// <summary>Whole numbers 0..65535.</summary>
    UInt16,
}

/// <summary>Which storage holds a volume.</summary>
public static class NiftiStorages
{
    /// <summary>The smallest storage that holds every voxel exactly: uint8, else int16, else uint16, else float32.</summary>
    public static NiftiStorage SmallestFor(Volume volume)
    {
        float least = 0, most = 0;
        foreach (var value in volume.Voxels)
        {
            // Also true for NaN and infinities; numbers beyond 16 bits are out of range below.
            if (!(value is >= short.MinValue and <= ushort.MaxValue) || value != (int)value)
            {
                return NiftiStorage.Float32;
            }

            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }

        return (least, most) switch
        {
            (>= 0, <= byte.MaxValue) => NiftiStorage.UInt8,
            (_, <= short.MaxValue) => NiftiStorage.Int16,
            (>= 0, _) => NiftiStorage.UInt16,
            _ => NiftiStorage.Float32,
        };
    }

    internal static NiftiType TypeOf(NiftiStorage storage) => storage switch
    {
        NiftiStorage.Float32 => NiftiType.Float32,
        NiftiStorage.UInt8 => NiftiType.UInt8,
        NiftiStorage.Int16 => NiftiType.Int16,
        NiftiStorage.UInt16 => NiftiType.UInt16,
        _ => throw new ArgumentOutOfRangeException(nameof(storage)),
    };

    /// <summary>Whether the storage gives this value back; minus zero counts as zero.</summary>
    internal static bool Holds(NiftiStorage storage, float value) => storage switch
    {
        NiftiStorage.UInt8 => value is >= byte.MinValue and <= byte.MaxValue && value == (int)value,
        NiftiStorage.Int16 => value is >= short.MinValue and <= short.MaxValue && value == (int)value,
        NiftiStorage.UInt16 => value is >= ushort.MinValue and <= ushort.MaxValue && value == (int)value,
        _ => true,
    };
}
