using System.Buffers.Binary;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Nifti;

public sealed class NiftiWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 20], Gen.Int[1, 40], Gen.Float.Array[8], Gen.Bool).Sample((i, j, k, values, gzip) =>
        {
            var affine = new Affine(-1.5, 0.25, 0, 10, 0.125, 2, 0, -20.5, 0, 0, 3, 7);
            var volume = Make.Volume(i, j, k, (x, y, z) => values[(x + (3 * y) + (5 * z)) % 8], affine);
            var path = _folder.File(gzip ? "v.nii.gz" : "v.nii");
            NiftiWriter.Write(path, volume);
            var read = NiftiReader.Read(path);
            Assert.Equal(volume.Shape, read.Shape);
            Assert.Equal(volume.Affine, read.Affine);
            Assert.Equal(volume.Voxels.Select(BitConverter.SingleToUInt32Bits), read.Voxels.Select(BitConverter.SingleToUInt32Bits));
        }, iter: 40, threads: 1);

    [Theory]
    [InlineData(NiftiStorage.UInt8, 0, 255, "uint8")]
    [InlineData(NiftiStorage.Int16, -32768, 32767, "int16")]
    [InlineData(NiftiStorage.UInt16, 0, 65535, "uint16")]
    [InlineData(NiftiStorage.Float32, -1e30f, 1e30f, "float32")]
    public void Every_storage_gives_back_its_whole_range(NiftiStorage storage, float least, float most, string type)
    {
        var volume = Make.Volume(3, 4, 5, (i, j, k) => ((i + j + k) % 3) switch { 0 => least, 1 => most, _ => 7 });
        NiftiWriter.Write(_folder.File("r.nii.gz"), volume, storage);
        Assert.Equal(volume.Voxels, NiftiReader.Read(_folder.File("r.nii.gz")).Voxels);
        Assert.Equal(type, NiftiReader.ReadInfo(_folder.File("r.nii.gz")).Type);
    }

    [Theory]
    [InlineData(NiftiStorage.UInt8, 256)]
    [InlineData(NiftiStorage.UInt8, -1)]
    [InlineData(NiftiStorage.UInt8, 0.5f)]
    [InlineData(NiftiStorage.Int16, 32768)]
    [InlineData(NiftiStorage.UInt16, -1)]
    [InlineData(NiftiStorage.UInt16, 65536)]
    [InlineData(NiftiStorage.Int16, float.NaN)]
    [InlineData(NiftiStorage.Int16, float.PositiveInfinity)]
    public void A_value_that_a_storage_does_not_hold_is_named_and_nothing_is_written(NiftiStorage storage, float value)
    {
        var volume = Make.Volume(2, 2, 2, (i, j, k) => i + j + k == 3 ? value : 1);
        var message = Make.Throws(ErrorCatalogue.NiftiUnsupported, () => NiftiWriter.Write(_folder.File("n.nii"), volume, storage)).Message;
        Assert.Contains("voxel index 7", message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("n.nii")));
    }

    [Theory]
    [InlineData(0, 255, NiftiStorage.UInt8)]
    [InlineData(0, 256, NiftiStorage.Int16)]
    [InlineData(-1, 3, NiftiStorage.Int16)]
    [InlineData(-32768, 32767, NiftiStorage.Int16)]
    [InlineData(0, 32768, NiftiStorage.UInt16)]
    [InlineData(-1, 32768, NiftiStorage.Float32)]
    [InlineData(0, 65536, NiftiStorage.Float32)]
    [InlineData(0, 0.25f, NiftiStorage.Float32)]
    [InlineData(0, float.NaN, NiftiStorage.Float32)]
    [InlineData(0, 1e30f, NiftiStorage.Float32)]
    public void The_smallest_storage_holds_every_voxel(float least, float most, NiftiStorage expected)
    {
        var volume = Make.Volume(2, 2, 2, (i, j, k) => i == 1 ? most : least);
        Assert.Equal(expected, NiftiStorages.SmallestFor(volume));
    }

    [Fact]
    public void Equal_volumes_give_equal_files()
    {
        NiftiWriter.Write(_folder.File("a.nii.gz"), Make.Ball(12, 4));
        NiftiWriter.Write(_folder.File("b.nii.gz"), Make.Ball(12, 4));
        Assert.Equal(File.ReadAllBytes(_folder.File("a.nii.gz")), File.ReadAllBytes(_folder.File("b.nii.gz")));
    }

    /// <summary>With the sform's code taken away the reader falls back on the qform: both must say the same.</summary>
    [Fact]
    public void Qform_and_sform_agree_for_every_rotation_and_handedness() =>
        Gen.Select(Gen.Double[-1, 1].Array[4], Gen.Double[0.3, 5].Array[3], Gen.Bool, Gen.Double[-200, 200].Array[3]).Where(t => t.Item1.Sum(v => v * v) > 0.01).Sample((q, size, mirrored, at) =>
        {
            var norm = Math.Sqrt(q.Sum(v => v * v));
            double a = q[0] / norm, b = q[1] / norm, c = q[2] / norm, d = q[3] / norm;
            var rotation = new Affine(
                1 - (2 * ((c * c) + (d * d))), 2 * ((b * c) - (a * d)), 2 * ((b * d) + (a * c)), at[0],
                2 * ((b * c) + (a * d)), 1 - (2 * ((b * b) + (d * d))), 2 * ((c * d) - (a * b)), at[1],
                2 * ((b * d) - (a * c)), 2 * ((c * d) + (a * b)), 1 - (2 * ((b * b) + (c * c))), at[2]);
            var affine = rotation * Affine.Scaling(size[0], size[1], mirrored ? -size[2] : size[2]);
            var (sform, qform) = Forms(affine);
            Assert.True(sform.IsClose(affine, 1e-4), $"sform {sform} is not {affine}");

            // Near half a turn the quaternion's scalar part is the root of rounding.
            Assert.True(qform!.Value.IsClose(affine, 5e-3), $"qform {qform} is not {affine}");
        }, iter: 60, threads: 1);

    [Fact]
    public void Axis_aligned_affines_have_exact_qforms_and_sheared_ones_none()
    {
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        foreach (var order in orders)
        {
            for (var flips = 0; flips < 8; flips++)
            {
                var rows = new double[12];
                for (var axis = 0; axis < 3; axis++)
                {
                    rows[(order[axis] * 4) + axis] = (flips & (1 << axis)) == 0 ? axis + 1 : -axis - 1;
                    rows[(axis * 4) + 3] = 10 * axis;
                }

                var (sform, qform) = Forms(Affine.FromRows(rows));
                Assert.Equal(Affine.FromRows(rows), sform);
                Assert.True(qform!.Value.IsClose(sform, 1e-6), $"{qform} is not {sform}");
            }
        }

        Assert.Null(Forms(new Affine(1, 0.2, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)).Qform);
    }

    [Fact]
    public void The_header_says_what_the_standard_asks_for()
    {
        NiftiWriter.Write(_folder.File("h.nii"), Make.Volume(3, 4, 5, (_, _, _) => 1, Affine.Scaling(1, 2, 3)), NiftiStorage.Int16);
        var bytes = File.ReadAllBytes(_folder.File("h.nii"));
        Assert.Equal(352 + 120, bytes.Length);
        Assert.Equal(348, BinaryPrimitives.ReadInt32LittleEndian(bytes));
        Assert.Equal([3, 3, 4, 5, 1, 1, 1, 1], Enumerable.Range(0, 8).Select(n => (int)BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(40 + (2 * n)))));
        Assert.Equal((4, 16), (BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(70)), BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(72))));
        Assert.Equal([1f, 1f, 2f, 3f], Enumerable.Range(0, 4).Select(n => BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(76 + (4 * n)))));
        Assert.Equal(352f, BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(108)));
        Assert.Equal((1f, 0f), (BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(112)), BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(116))));
        Assert.Equal(2, bytes[123]);
        Assert.Equal((2, 2), (BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(252)), BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(254))));
        Assert.Equal("n+1\0"u8.ToArray(), bytes[344..348]);
    }

    private (Affine Sform, Affine? Qform) Forms(Affine affine)
    {
        var path = _folder.File("q.nii");
        NiftiWriter.Write(path, Make.Volume(1, 1, 1, (_, _, _) => 1, affine));
        var sform = NiftiReader.Read(path).Affine;
        Assert.Null(NiftiReader.ReadInfo(path).Warning);
        var bytes = File.ReadAllBytes(path);
        if (bytes[252] == 0)
        {
            return (sform, null);
        }

        bytes[254] = 0;
        File.WriteAllBytes(path, bytes);
        return (sform, NiftiReader.Read(path).Affine);
    }
}
