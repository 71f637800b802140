using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>
/// Reads rigid and affine transforms as registration programs write them: elastix parameter files, ITK transform files
/// (.txt, .tfm) and the level 4 MATLAB files of ANTs (.mat). All of them map points of the fixed image to points of the
/// moving image in millimetres along L, P, S: y = M (x − c) + c + t.
/// </summary>
public static class TransformFile
{
    private const int MaximumBytes = 1024 * 1024;
    private const int LongestChain = 8;

    /// <returns>Points of the fixed image to points of the moving image, millimetres along R, A, S.</returns>
    /// <exception cref="FederationException">BMF-1118 when it is none of them, or a transform that bends.</exception>
    public static Affine Read(string path) => Read(path, LongestChain);

    private static Affine Read(string path, int left)
    {
        byte[] bytes;
        try
        {
            if (new FileInfo(path).Length > MaximumBytes)
            {
                throw Bad(path, $"is larger than {MaximumBytes} bytes");
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.StepOutputInvalid.With($"{path} cannot be read: {e.Message}", e);
        }

        Affine transform;
        try
        {
            transform = bytes.AsSpan().IndexOf("AffineTransform_double_3_3\0"u8) is > 0 and < 64 || bytes.AsSpan().IndexOf("MatrixOffsetTransformBase_double_3_3\0"u8) is > 0 and < 64
                ? ReadMatlab(bytes, path)
                : bytes.AsSpan().StartsWith("#Insight Transform File"u8) ? ReadItk(Encoding.UTF8.GetString(bytes), path) : ReadElastix(Encoding.UTF8.GetString(bytes), path, left);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException or InvalidOperationException or IndexOutOfRangeException or RegexMatchTimeoutException)
        {
            throw ErrorCatalogue.StepOutputInvalid.With($"{path} is not a transform that can be read: {e.Message}", e);
        }

        return transform.IsInvertible && transform.Determinant > 0 ? transform : throw Bad(path, "holds a transform that cannot be inverted or mirrors the head");
    }

    private static Affine ReadElastix(string text, string path, int left)
    {
        var fields = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (Match match in Regex.Matches(text, @"^\s*\((\w+)\s+(.*)\)\s*$", RegexOptions.Multiline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(2)))
        {
            fields[match.Groups[1].Value] = match.Groups[2].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }

        string Word(string name) => fields.TryGetValue(name, out var words) ? string.Join(' ', words).Trim('"') : "";
        double[] Numbers(string name) => fields.TryGetValue(name, out var words) ? [.. words.Select(Number)] : [];

        var (kind, parameters, centre) = (Word("Transform"), Numbers("TransformParameters"), Numbers("CenterOfRotationPoint"));
        var own = kind switch
        {
            "EulerTransform" when parameters.Length == 6 && centre.Length == 3 => Centred(Euler(parameters, Word("ComputeZYX") == "true"), parameters.AsSpan(3), centre),
            "AffineTransform" when parameters.Length == 12 && centre.Length == 3 => Centred(parameters.AsSpan(0, 9), parameters.AsSpan(9), centre),
            "TranslationTransform" when parameters.Length == 3 => Centred([1, 0, 0, 0, 1, 0, 0, 0, 1], parameters, [0, 0, 0]),
            "" => throw Bad(path, "is no transform file of elastix, ITK or ANTs"),
            _ => throw Bad(path, $"holds a {kind} of {parameters.Length} parameters; only rigid and affine transforms are carried"),
        };
        var initial = Word("InitialTransformParametersFileName") is { Length: > 0 } first ? first : Word("InitialTransformParameterFileName");
        if (initial is "" or "NoInitialTransform")
        {
            return own;
        }

        if (left == 0 || Word("HowToCombineTransforms") is not ("Compose" or ""))
        {
            throw Bad(path, "combines transforms in a way that is not read");
        }

        // elastix writes the full path of the time; the folder may have been given its final name since.
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(initial));
        return own * Read(File.Exists(beside) ? beside : initial, left - 1);
    }

    private static Affine ReadItk(string text, string path)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries);
        string[] Values(string name) => [.. lines.Where(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Select(l => l[(name.Length + 1)..].Trim())];
        double[] Numbers(string name) => [.. Values(name).Single().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Number)];

        if (Values("Transform") is not [var kind])
        {
            throw Bad(path, "must hold exactly one transform");
        }

        var (parameters, centre) = (Numbers("Parameters"), Numbers("FixedParameters"));
        return kind.Split('_')[0] switch
        {
            "AffineTransform" or "MatrixOffsetTransformBase" when parameters.Length == 12 && centre.Length == 3 => Centred(parameters.AsSpan(0, 9), parameters.AsSpan(9), centre),
            "Euler3DTransform" when parameters.Length == 6 && centre.Length is 3 or 4 => Centred(Euler(parameters, centre.Length == 4 && centre[3] != 0), parameters.AsSpan(3), centre),
            _ => throw Bad(path, $"holds a {kind}; only rigid and affine transforms are carried"),
        };
    }

    /// <summary>Level 4 MAT-files: for each vector five int32 (type, rows, columns, imaginary, length of the name), the name with a zero, the values.</summary>
    private static Affine ReadMatlab(byte[] bytes, string path)
    {
        double[]? parameters = null, centre = null;
        for (var at = 0; at + 20 <= bytes.Length;)
        {
            int Field(int n) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + (4 * n)));
            var (type, count, length) = (Field(0), checked(Field(1) * Field(2)), Field(4));
            if (type is not (0 or 100) || Field(3) != 0 || count is < 1 or > 64 || length is < 1 or > 256)
            {
                throw Bad(path, "has a MATLAB header that is not read");
            }

            var name = Encoding.ASCII.GetString(bytes, at + 20, length - 1);
            at += 20 + length;
            var values = new double[count];
            for (var n = 0; n < count; n++, at += 8)
            {
                values[n] = BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(at, 8));
            }

            _ = name == "fixed" ? centre = values : parameters = values;
        }

        return parameters?.Length == 12 && centre?.Length == 3
            ? Centred(parameters.AsSpan(0, 9), parameters.AsSpan(9), centre)
            : throw Bad(path, "does not hold the 12 parameters and the centre of an affine transform");
    }

    /// <summary>ITK's Euler angles about x, y, z: R = Rz Rx Ry, or Rz Ry Rx when "ZYX" is set.</summary>
    private static double[] Euler(double[] angles, bool zyx)
    {
        var ((sx, cx), (sy, cy), (sz, cz)) = (Math.SinCos(angles[0]), Math.SinCos(angles[1]), Math.SinCos(angles[2]));
        var x = new Affine(1, 0, 0, 0, 0, cx, -sx, 0, 0, sx, cx, 0);
        var y = new Affine(cy, 0, sy, 0, 0, 1, 0, 0, -sy, 0, cy, 0);
        var z = new Affine(cz, -sz, 0, 0, sz, cz, 0, 0, 0, 0, 1, 0);
        var r = zyx ? z * y * x : z * x * y;
        return [r.M00, r.M01, r.M02, r.M10, r.M11, r.M12, r.M20, r.M21, r.M22];
    }

    /// <summary>M (x − c) + c + t along L, P, S, as an affine along R, A, S.</summary>
    private static Affine Centred(ReadOnlySpan<double> m, ReadOnlySpan<double> t, ReadOnlySpan<double> c)
    {
        double Shift(ReadOnlySpan<double> row, double shift, double centre, ReadOnlySpan<double> around) => shift + centre - ((row[0] * around[0]) + (row[1] * around[1]) + (row[2] * around[2]));
        var lps = new Affine(
            m[0], m[1], m[2], Shift(m[..3], t[0], c[0], c),
            m[3], m[4], m[5], Shift(m[3..6], t[1], c[1], c),
            m[6], m[7], m[8], Shift(m[6..9], t[2], c[2], c));
        var flip = Affine.Scaling(-1, -1, 1);
        return flip * lps * flip;
    }

    private static double Number(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static FederationException Bad(string path, string why) => ErrorCatalogue.StepOutputInvalid.With($"{Path.GetFileName(path)} {why}.");
}
