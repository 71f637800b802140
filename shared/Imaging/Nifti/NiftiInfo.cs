using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Nifti;

/// <summary>What a NIfTI header says.</summary>
/// <param name="Shape">Voxels of one volume.</param>
/// <param name="Volumes">Number of volumes, 1 or more.</param>
/// <param name="Affine">Voxels to millimetres along R, A, S.</param>
/// <param name="Type">Voxel type, for example int16.</param>
public sealed record NiftiInfo(VolumeShape Shape, long Volumes, Affine Affine, string Type)
{
    /// <summary>What is odd about the header but does not keep the file from being read, for a quality report; null when nothing is.</summary>
    public string? Warning { get; init; }
}
