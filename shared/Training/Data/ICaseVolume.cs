using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Training.Data;

/// <summary>One modality of a case, values 0..1. Safe for several threads.</summary>
public interface ICaseVolume
{
    /// <summary>True when a voxel is above 0, which is what counts as the head.</summary>
    /// <param name="voxel">Index in C-order [R, A, S].</param>
    /// <exception cref="FederationException">BMF-1401 or BMF-1402 when the file is gone or damaged.</exception>
    bool IsForeground(int voxel);

    /// <summary>Copies a crop; voxels outside the volume are zero.</summary>
    /// <param name="start">Voxel coordinates of the crop's first voxel; may be negative.</param>
    /// <param name="crop">Sides of the crop.</param>
    /// <param name="destination">Receives the crop, C-order.</param>
    /// <exception cref="FederationException">BMF-1401 or BMF-1402 when the file is gone or damaged.</exception>
    void Copy(IReadOnlyList<int> start, IReadOnlyList<int> crop, Span<float> destination);
}
