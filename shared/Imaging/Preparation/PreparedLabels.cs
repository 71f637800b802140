using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>
/// Label maps on the grid of their prepared cases: one safetensors file each with the tensor <c>labels</c>, U8
/// [R, A, S], named by the SHA-256 of everything it depends on. Nearest voxel, so that no new label appears.
/// </summary>
public static class PreparedLabels
{
    private const string Tensor = "labels";
    private const string Extension = ".labels";

    /// <summary>Brings a case's label map onto the case's grid, or finds that it was done before.</summary>
    /// <param name="scanned">A case with a label map whose volumes were prepared.</param>
    /// <param name="plan">The rules that its volumes were prepared by.</param>
    /// <param name="folder">Receives the file; created when missing.</param>
    /// <returns>Path of the file.</returns>
    /// <exception cref="FederationException">BMF-1102 to BMF-1108 and BMF-1110 as for volumes; BMF-1122 for values that are no labels; BMF-1403 when the disk is full.</exception>
    public static string Prepare(ScannedCase scanned, ImagingPlan plan, string folder, CancellationToken cancellation = default)
    {
        var source = scanned.Segmentation ?? throw new ArgumentException($"{scanned.Name} has no label map.", nameof(scanned));
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, CaseKey.OfLabels(scanned, source, plan) + Extension);
        if (IsWhole(path))
        {
            return path;
        }

        var prepared = CasePreparer.Prepare(scanned.Name, AlignedCase.Reread(scanned, plan, cancellation), plan, cancellation);
        var labels = OnGrid(source, scanned, prepared.Shape, prepared.Affine);
        SafetensorsWriter.WriteFile(path, [new TensorSource(Tensor, "U8", [prepared.Shape.I, prepared.Shape.J, prepared.Shape.K], stream => stream.Write(labels))]);
        return path;
    }

    /// <summary>Reads a file that <see cref="Prepare"/> made.</summary>
    /// <returns>C order [R, A, S].</returns>
    /// <exception cref="FederationException">BMF-1401 when it is gone, BMF-1405 when it is damaged, BMF-1406 when its shape is another.</exception>
    public static byte[] Read(string path, IReadOnlyList<int> shape)
    {
        using var file = new SafetensorsReader(path);
        if (!file.Tensors.TryGetValue(Tensor, out var info) || info.DataType != "U8" || !info.Shape.SequenceEqual(shape.Select(s => (long)s)))
        {
            throw ErrorCatalogue.LayoutMismatch.With($"{path} does not hold labels of [{string.Join(", ", shape)}] voxels. Prepare the data again.");
        }

        var labels = new byte[info.Count];
        file.ReadBytes(Tensor, 0, labels);
        return labels;
    }

    /// <summary>Deletes files that are not among those to keep.</summary>
    public static void Sweep(string folder, IReadOnlySet<string> keep)
    {
        if (Directory.Exists(folder))
        {
            foreach (var path in Directory.EnumerateFiles(folder).Where(f => !keep.Contains(f)).ToArray())
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Reads a label map as it is in its file.</summary>
    /// <exception cref="FederationException">BMF-1102 to BMF-1105 for the file, BMF-1122 for a value that is no whole number 0..255.</exception>
    public static Volume ReadMap(SeriesFile source)
    {
        var map = NiftiReader.Read(source.Path, source.Volume);
        for (var n = 0; n < map.Voxels.Length; n++)
        {
            if (map.Voxels[n] is not (>= 0 and <= byte.MaxValue) || map.Voxels[n] != MathF.Floor(map.Voxels[n]))
            {
                throw ErrorCatalogue.LabelMapInvalid.With(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(source.Path)} has the value {map.Voxels[n]} at voxel index {n}; labels are whole numbers 0..255."));
            }
        }

        return map;
    }

    private static byte[] OnGrid(SeriesFile source, ScannedCase scanned, VolumeShape shape, Affine affine)
    {
        var map = ReadMap(source);
        var moved = LabelResampling.To(map, shape, affine, Outside.Zero);
        if (map.Voxels.AsSpan().ContainsAnyExcept(0f) && !moved.Voxels.AsSpan().ContainsAnyExcept(0f))
        {
            throw ErrorCatalogue.VolumesMisaligned.With($"No labelled voxel of {Path.GetFileName(source.Path)} lies in the head of {scanned.Name}.");
        }

        return Array.ConvertAll(moved.Voxels, v => (byte)v);
    }

    private static bool IsWhole(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using var file = new SafetensorsReader(path);
            return file.Tensors.ContainsKey(Tensor);
        }
        catch (FederationException)
        {
            return false;
        }
    }
}
