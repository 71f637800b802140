using System.Buffers.Binary;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Tests.Support;
using BrainMVP.Federated.Imaging.Volumes;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.External;

public sealed class TransformFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_elastix_rotation_turns_about_its_centre_and_L_P_S_become_R_A_S()
    {
        // A quarter turn about z that takes x to y in L, P, S, about (10, 0, 0), then 5 mm to the left.
        var read = TransformFile.Read(Elastix("EulerTransform", "0 0 1.5707963267948966 5 0 0", "10 0 0"));

        // R, A, S (-10, -1, 0) is L, P, S (10, 1, 0): one millimetre behind the centre. It goes to (9, 0, 0) and on to (14, 0, 0).
        Near((-14, 0, 0), read.Apply(-10, -1, 0));
        Near((-15, 0, 3), read.Apply(-10, 0, 3));
    }

    [Fact]
    public void Euler_angles_are_applied_in_ITKs_order()
    {
        var (a, b, c) = (0.3, -0.2, 0.5);
        var zxy = TransformFile.Read(Elastix("EulerTransform", $"{a} {b} {c} 0 0 0", "0 0 0"));
        var zyx = TransformFile.Read(Elastix("EulerTransform", $"{a} {b} {c} 0 0 0", "0 0 0", zyx: true));
        var (x, y, z) = (Turn(0, a), Turn(1, b), Turn(2, c));
        var flip = Affine.Scaling(-1, -1, 1);
        Assert.True(zxy.IsClose(flip * z * x * y * flip, 1e-12, 0));
        Assert.True(zyx.IsClose(flip * z * y * x * flip, 1e-12, 0));
    }

    [Fact]
    public void A_chain_applies_the_initial_transform_first_also_after_the_folder_was_renamed()
    {
        var first = Elastix("AffineTransform", "2 0 0 0 1 0 0 0 1 0 0 0", "0 0 0", name: "first.txt");
        var second = Elastix("TranslationTransform", "0 0 7", "", name: "second.txt", initial: "/gone/first.txt");
        Assert.True(File.Exists(first));
        Near((-6, -1, 8), TransformFile.Read(second).Apply(-3, -1, 1));
    }

    [Fact]
    public void The_text_and_the_binary_file_of_ITK_hold_the_same_transform()
    {
        double[] parameters = [0.9, 0.1, 0, -0.1, 1.1, 0.05, 0, 0.02, 1, 3, -4, 5], centre = [1, 2, 3];
        var text = _folder.File("a.txt");
        File.WriteAllText(text, $"#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\nParameters: {string.Join(' ', parameters)}\nFixedParameters: {string.Join(' ', centre)}\n");
        var binary = _folder.File("a.mat");
        File.WriteAllBytes(binary, [.. Matlab("AffineTransform_double_3_3", parameters), .. Matlab("fixed", centre)]);
        var (a, b, c) = (TransformFile.Read(text), TransformFile.Read(binary), TransformFile.Read(Elastix("AffineTransform", string.Join(' ', parameters), "1 2 3")));
        Assert.Equal(a, b);
        Assert.True(a.IsClose(c, 1e-12, 0));

        // The centre moves by the translation alone.
        Near((-4, 2, 8), a.Apply(-1, -2, 3));
    }

    [Theory]
    [InlineData("", "no transform")]
    [InlineData("(Transform \"BSplineTransform\")\n(TransformParameters 1 2 3)", "BSplineTransform")]
    [InlineData("(Transform \"EulerTransform\")\n(TransformParameters 0 0 0 a 0 0)\n(CenterOfRotationPoint 0 0 0)", "")]
    [InlineData("(Transform \"EulerTransform\")\n(TransformParameters 0 0 0 nan 0 0)\n(CenterOfRotationPoint 0 0 0)", "inverted")]
    [InlineData("(Transform \"AffineTransform\")\n(TransformParameters -1 0 0 0 1 0 0 0 1 0 0 0)\n(CenterOfRotationPoint 0 0 0)", "mirrors")]
    [InlineData("(Transform \"AffineTransform\")\n(TransformParameters 0 0 0 0 1 0 0 0 1 0 0 0)\n(CenterOfRotationPoint 0 0 0)", "inverted")]
    [InlineData("#Insight Transform File V1.0\nTransform: CompositeTransform_double_3_3\n", "")]
    public void What_is_no_rigid_or_affine_transform_is_refused(string text, string mention)
    {
        File.WriteAllText(_folder.File("bad.txt"), text);
        Assert.Contains(mention, Make.Throws(ErrorCatalogue.StepOutputInvalid, () => TransformFile.Read(_folder.File("bad.txt"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_transform_that_names_itself_ends() =>
        Make.Throws(ErrorCatalogue.StepOutputInvalid, () => TransformFile.Read(Elastix("TranslationTransform", "0 0 7", "", name: "loop.txt", initial: "loop.txt")));

    [Fact]
    public void Random_bytes_are_refused_with_the_number() => Gen.Byte.Array[0, 400].Sample(bytes =>
    {
        var path = _folder.File($"{Guid.NewGuid():N}.mat");
        File.WriteAllBytes(path, [.. Matlab("AffineTransform_double_3_3", []), .. bytes]);
        Make.Throws(ErrorCatalogue.StepOutputInvalid, () => TransformFile.Read(path));
    }, iter: 200);

    private string Elastix(string kind, string parameters, string centre, bool zyx = false, string name = "t.txt", string initial = "NoInitialTransform")
    {
        var path = _folder.File(name);
        File.WriteAllText(path, $"""
            (Transform "{kind}")
            (NumberOfParameters 0)
            (TransformParameters {parameters})
            (InitialTransformParametersFileName "{initial}")
            (HowToCombineTransforms "Compose")
            // comment
            {(centre.Length > 0 ? $"(CenterOfRotationPoint {centre})" : "")}
            (ComputeZYX "{(zyx ? "true" : "false")}")
            """);
        return path;
    }

    private static byte[] Matlab(string name, double[] values)
    {
        var bytes = new byte[20 + name.Length + 1 + (8 * values.Length)];
        int[] header = [0, values.Length, 1, 0, name.Length + 1];
        for (var n = 0; n < header.Length; n++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * n), header[n]);
        }

        Encoding.ASCII.GetBytes(name).CopyTo(bytes, 20);
        for (var n = 0; n < values.Length; n++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(21 + name.Length + (8 * n)), values[n]);
        }

        return bytes;
    }

    private static Affine Turn(int axis, double angle)
    {
        var (s, c) = Math.SinCos(angle);
        return axis switch
        {
            0 => new Affine(1, 0, 0, 0, 0, c, -s, 0, 0, s, c, 0),
            1 => new Affine(c, 0, s, 0, 0, 1, 0, 0, -s, 0, c, 0),
            _ => new Affine(c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, 0),
        };
    }

    private static void Near((double X, double Y, double Z) expected, (double X, double Y, double Z) actual)
    {
        Assert.Equal(expected.X, actual.X, 1e-9);
        Assert.Equal(expected.Y, actual.Y, 1e-9);
        Assert.Equal(expected.Z, actual.Z, 1e-9);
    }
}
