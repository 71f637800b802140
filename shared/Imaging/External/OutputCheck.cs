using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>What an output of a step must be before anything is made of it.</summary>
internal static class OutputCheck
{
    /// <summary>Opens a volume and checks that it is finite, on the expected grid and neither empty nor full.</summary>
    /// <param name="path">Output of the step.</param>
    /// <param name="label">Step and series, for messages.</param>
    /// <param name="grid">Where it must lie; null for anywhere.</param>
    /// <param name="nonZero">Least and greatest per cent of voxels that are not 0; null for no such check.</param>
    /// <exception cref="FederationException">BMF-1118.</exception>
    public static Volume Image(string path, string label, Grid? grid, (double Least, double Greatest)? nonZero)
    {
        Volume volume;
        try
        {
            volume = NiftiReader.Read(path);
        }
        catch (FederationException e)
        {
            throw ErrorCatalogue.StepOutputInvalid.With($"{label}: {Path.GetFileName(path)} cannot be used: {e.Code.Id} {e.Message}", e);
        }

        Finite(volume, $"{label}: {Path.GetFileName(path)}");
        if (grid is { } wanted && (volume.Shape != wanted.Shape || !volume.Affine.IsClose(wanted.Affine, 1e-3)))
        {
            throw ErrorCatalogue.StepOutputInvalid.With($"{label}: {Path.GetFileName(path)} ({volume.Shape}) is not on the grid of its input ({wanted.Shape}).");
        }

        if (nonZero is { } range)
        {
            var percent = 100.0 * volume.Voxels.Count(v => v != 0) / volume.Voxels.Length;
            if (percent < range.Least || percent > range.Greatest)
            {
                throw ErrorCatalogue.StepOutputInvalid.With(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{label}: {percent:F1} % of the voxels of {Path.GetFileName(path)} are not 0; expected are {range.Least:0.##} to {range.Greatest:0.##} %."));
            }
        }

        return volume;
    }

    /// <summary>As <see cref="Image"/>, with two values of which one is 0; answers 0 and 1.</summary>
    public static Volume Mask(string path, string label, Grid grid, (double Least, double Greatest)? nonZero)
    {
        var volume = Image(path, label, grid, nonZero);
        var inside = volume.Voxels.FirstOrDefault(v => v != 0, 1);
        for (var n = 0; n < volume.Voxels.Length; n++)
        {
            if (volume.Voxels[n] != 0 && volume.Voxels[n] != inside)
            {
                throw ErrorCatalogue.StepOutputInvalid.With(
                    string.Create(CultureInfo.InvariantCulture, $"{label}: {Path.GetFileName(path)} is no mask; it holds {inside} and {volume.Voxels[n]}."));
            }

            volume.Voxels[n] = volume.Voxels[n] != 0 ? 1 : 0;
        }

        return volume;
    }

    /// <summary>A rigid or affine transform between heads: nothing shrinks or grows by more than a half.</summary>
    public static Affine Transform(string path, string label)
    {
        try
        {
            var transform = TransformFile.Read(path);
            var (x, y, z) = transform.Spacing;
            return Math.Min(x, Math.Min(y, z)) > 0.5 && Math.Max(x, Math.Max(y, z)) < 1.5
                ? transform
                : throw ErrorCatalogue.StepOutputInvalid.With(
                    string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)} scales by {x:F2}, {y:F2}, {z:F2}; heads differ by less."));
        }
        catch (FederationException e)
        {
            throw ErrorCatalogue.StepOutputInvalid.With($"{label}: {e.Message}", e);
        }
    }

    /// <exception cref="FederationException">BMF-1118.</exception>
    public static void Finite(Volume volume, string label)
    {
        var at = Array.FindIndex(volume.Voxels, v => !float.IsFinite(v));
        if (at >= 0)
        {
            throw ErrorCatalogue.StepOutputInvalid.With(string.Create(CultureInfo.InvariantCulture, $"{label} holds the value {volume.Voxels[at]} at voxel index {at}."));
        }
    }
}
