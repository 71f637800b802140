using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Nifti;

/// <summary>
/// Hashes of the float voxels in C order, shapes and affines that nibabel 5.0.0 gave for public files: every volume of
/// its own test files (both byte orders, NIfTI-2, four dimensions, scaling) and some of each data set.
/// </summary>
public sealed class NibabelTests
{
    private static readonly string[][] Goldens =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Fixtures", "nibabel.csv")).Skip(1).Select(line => line.Split(','))];

    public static TheoryData<string> Files => [.. Goldens.Select(g => g[0]).Distinct()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Voxels_and_affine_are_those_of_nibabel(string file)
    {
        var path = TestData.Require(file);
        var volumes = Goldens.Where(g => g[0] == file).ToArray();
        var info = NiftiReader.ReadInfo(path);
        Assert.Equal(volumes.Length, info.Volumes);
        Assert.Null(info.Warning);
        foreach (var golden in volumes)
        {
            var volume = NiftiReader.Read(path, golden[1].Length == 0 ? null : int.Parse(golden[1], CultureInfo.InvariantCulture));
            Assert.Equal(golden[2], volume.Shape.ToString());
            Assert.Equal(golden[3], Make.Hash(volume));
            var affine = Affine.FromRows([.. golden[4].Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))]);
            Assert.True(volume.Affine.IsClose(affine, 1e-12, 0), $"{volume.Affine} is not {affine}");
        }
    }

    [Fact]
    public void An_Analyze_header_is_refused() =>
        Make.Throws(ErrorCatalogue.NotNifti, () => NiftiReader.Read(TestData.Require("nibabel-tests/analyze.hdr")));
}
