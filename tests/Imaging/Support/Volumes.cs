using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Tests.Support;

internal static class Make
{
    public static Volume Volume(int i, int j, int k, Func<int, int, int, float> value, Affine? affine = null)
    {
        var voxels = new float[i * j * k];
        var at = 0;
        for (var x = 0; x < i; x++)
        {
            for (var y = 0; y < j; y++)
            {
                for (var z = 0; z < k; z++)
                {
                    voxels[at++] = value(x, y, z);
                }
            }
        }

        return new Volume(new VolumeShape(i, j, k), affine ?? Affine.Identity, voxels);
    }

    /// <summary>A ball of ones with a smooth ramp inside, zero outside.</summary>
    public static Volume Ball(int size, double radius, (double X, double Y, double Z) shift = default, Affine? affine = null) => Volume(size, size, size, (x, y, z) =>
    {
        double c = (size - 1) / 2.0, dx = x - c - shift.X, dy = y - c - shift.Y, dz = z - c - shift.Z;
        var r = Math.Sqrt((dx * dx) + (dy * dy) + (dz * dz));
        return r > radius ? 0 : (float)(100 + (10 * (x % 5)) + y);
    }, affine);

    public static string Hash(Volume volume) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(volume.Voxels.AsSpan())));

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    public static FederationException Throws(ErrorCode code, Action action)
    {
        var e = Assert.Throws<FederationException>(action);
        Assert.Equal(code.Id, e.Code.Id);
        return e;
    }
}
