using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using BrainMVP.Federated.Imaging.Pictures;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Pictures;

public sealed class PictureTests
{
    [Fact]
    public void A_png_decodes_to_the_pixels_it_was_made_of()
    {
        var image = new GreyImage(7, 5);
        for (var n = 0; n < image.Pixels.Length; n++)
        {
            image.Pixels[n] = (byte)(n * 7);
        }

        var (width, height, pixels) = Decode(image.ToPng());
        Assert.Equal((7, 5), (width, height));
        Assert.Equal(image.Pixels, pixels);
    }

    [Fact]
    public void Anterior_and_superior_are_up_and_the_patients_right_is_left()
    {
        // One bright voxel at the right, anterior, superior end of a grey cube.
        var volume = Make.Volume(9, 9, 9, (i, j, k) => (i, j, k) == (8, 8, 4) ? 200 : 100, Affine.Scaling(-1, -1, 1, 8, 8, 0));
        var flipped = Make.Volume(9, 9, 9, (i, j, k) => (i, j, k) == (0, 0, 4) ? 200 : 100, Affine.Scaling(-1, -1, 1, 8, 8, 0));
        var axial = Slice(flipped);
        Assert.Equal(255, axial[0]);
        Assert.Equal(255, Slice(volume)[(8 * 35) + 8]);

        static byte[] Slice(Volume v) => ThreePlane.Picture(v, new GreyWindow(100, 200)).Pixels;
    }

    [Fact]
    public void Slices_keep_the_proportions_of_voxels()
    {
        var image = ThreePlane.Picture(Make.Volume(10, 20, 5, (_, _, _) => 1, Affine.Scaling(2, 1, 4)));
        Assert.Equal(20 + 4 + 20 + 4 + 20, image.Width);
        Assert.Equal(20, image.Height);
    }

    [Fact]
    public void A_montage_has_a_row_a_volume_and_readable_labels()
    {
        var ball = Make.Ball(30, 10);
        var one = Decode(Montage.Render([new MontageRow("T1", ball)]));
        var two = Decode(Montage.Render([new MontageRow("T1", ball), new MontageRow("FLAIR", ball)]));
        Assert.Equal(34, two.Height - one.Height);
        Assert.True(two.Width > one.Width);
        Assert.Contains((byte)255, one.Pixels);
    }

    [Fact]
    public void A_contour_is_the_edge_of_a_mask_in_a_colour_of_its_own()
    {
        var mask = new GreyImage(6, 5);
        foreach (var (x, y) in from x in Enumerable.Range(1, 4) from y in Enumerable.Range(1, 3) select (x, y))
        {
            mask.Pixels[(y * 6) + x] = 200;
        }

        var edge = ContourImage.EdgeOf(mask);
        Assert.Equal(10, edge.Count(e => e));
        Assert.False(edge[(2 * 6) + 2]);
        var (width, height, indices) = Decode(ContourImage.ToPng(mask, edge, (255, 170, 20)));
        Assert.Equal((6, 5), (width, height));
        Assert.Equal(edge, indices.Select(n => n == indices.Max()));
        Assert.Equal(0, indices[0]);
    }

    [Fact]
    public void An_empty_volume_is_a_black_picture() => Assert.All(ThreePlane.Picture(Make.Volume(4, 4, 4, (_, _, _) => 0)).Pixels, p => Assert.Equal(0, p));

    private static (int Width, int Height, byte[] Pixels) Decode(byte[] png)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        var (width, height, data) = (0, 0, new MemoryStream());
        for (var at = 8; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            Assert.Equal(Crc32.HashToUInt32(png.AsSpan(at + 4, length + 4)), BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)));
            if (png[at + 5] == 'H')
            {
                (width, height) = (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at + 8)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at + 12)));
            }
            else if (png[at + 5] == 'D')
            {
                data.Write(png, at + 8, length);
            }

            at += 12 + length;
        }

        data.Position = 0;
        using var zlib = new ZLibStream(data, CompressionMode.Decompress);
        var pixels = new byte[width * height];
        for (var row = 0; row < height; row++)
        {
            Assert.Equal(0, zlib.ReadByte());
            zlib.ReadExactly(pixels, row * width, width);
        }

        return (width, height, pixels);
    }
}
