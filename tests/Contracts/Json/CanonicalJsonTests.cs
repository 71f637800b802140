using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using CsCheck;

namespace BrainMVP.Federated.Contracts.Tests.Json;

public sealed class CanonicalJsonTests
{
    private static readonly UpdateReport Report = new()
    {
        Site = "north",
        OpenContext = new string('a', 64),
        Steps = 30,
        Cases = 4,
        TargetDraws = new Dictionary<string, long> { ["t1"] = 40, ["flair"] = 50 },
        Exponents = [new("a.weight", -7), new("b.weight", null)],
        Norms = new Dictionary<string, double> { ["network"] = 0.125 },
        Losses = new Dictionary<string, double> { ["total"] = 1.5 },
        Validation = new Dictionary<string, ValidationSum> { ["t1"] = new(12.25, 4096, 1, 25.2, 0.75) },
        Timings = new Dictionary<string, double> { ["train"] = 3 },
        AuditHead = new string('b', 64),
    };

    private enum Colour
    {
        DarkRed,
    }

    [Fact]
    public void Keys_are_in_ordinal_order_at_every_depth_without_white_space()
    {
        var document = new Dictionary<string, object> { ["b"] = 1, ["a"] = new Dictionary<string, int> { ["z"] = 1, ["Z"] = 2, ["é"] = 3 }, ["B"] = 2 };
        Assert.Equal("""{"B":2,"a":{"Z":2,"z":1,"é":3},"b":1}""", Text(document));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(0.1, "0.1")]
    [InlineData(1e300, "1E+300")]
    [InlineData(5e-324, "5E-324")]
    [InlineData(1.0 / 3, "0.3333333333333333")]
    public void Doubles_have_the_shortest_form_that_reads_back(double value, string expected) => Assert.Equal(expected, Text(value));

    [Fact]
    public void Negative_zero_is_zero_because_equal_documents_have_equal_bytes() => Assert.Equal(CanonicalJson.Hash(new ValidationSum(0, 1, 1, 1, 0)), CanonicalJson.Hash(new ValidationSum(-0.0, 1, 1, 1, -0.0)));

    [Fact]
    public void Integers_are_decimal_to_the_last_digit() => Assert.Equal("9223372036854775807", Text(long.MaxValue));

    [Fact]
    public void Enumerations_are_camel_case_words() => Assert.Equal("\"darkRed\"", Text(Colour.DarkRed));

    [Fact]
    public void Null_members_are_left_out() => Assert.Equal("""{"name":"x"}""", Text(new TensorExponent("x", null)));

    [Fact]
    public void Every_finite_double_reads_back_to_the_same_bits() => Gen.Double.Where(double.IsFinite).Sample(
        value => Assert.Equal(value == 0 ? 0 : BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(CanonicalJson.Deserialize<double>(CanonicalJson.Serialize(value)))),
        iter: 2000);

    [Fact]
    public void Every_text_reads_back() => Gen.String.Sample(
        text =>
        {
            // A lone half of a surrogate pair is not text and has no UTF-8 form.
            var whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(whole, CanonicalJson.Deserialize<string>(CanonicalJson.Serialize(whole)));
        },
        iter: 2000);

    [Fact]
    public void Documents_read_back_and_have_one_byte_form() => Gen.Select(Gen.Int, Gen.Long, Gen.Double[-1e9, 1e9], Gen.Shuffle(new[] { "t1", "t2", "flair", "dwi" })).Sample(
        (steps, draws, norm, order) =>
        {
            var report = Report with
            {
                Steps = steps,
                TargetDraws = order.ToDictionary(m => m, m => draws),
                Norms = order.Reverse().ToDictionary(m => m, m => norm),
            };
            var bytes = CanonicalJson.Serialize(report);
            var again = CanonicalJson.Deserialize<UpdateReport>(bytes);
            Assert.Equal(steps, again.Steps);
            Assert.Equal(norm, again.Norms["dwi"]);
            var other = report with { TargetDraws = order.Order(StringComparer.Ordinal).ToDictionary(m => m, m => draws) };
            Assert.Equal(CanonicalJson.Hash(report), CanonicalJson.Hash(other));
        },
        iter: 200);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Numbers_that_are_not_finite_cannot_be_written(double value) =>
        Assert.Throws<ArgumentException>(() => CanonicalJson.Serialize(new ValidationSum(value, 1, 1, 1, 1)));

    [Fact]
    public void The_one_form_is_read() => Assert.Equal(
        new ValidationSum(1, 16, 2, 3, -0.5),
        CanonicalJson.Deserialize<ValidationSum>("""{"crops":2,"psnr":3,"squaredError":1,"ssim":-0.5,"voxels":16}"""u8));

    [Theory]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":NaN,"ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":"NaN","ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":1e999,"ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"crops":2,"more":2,"psnr":3,"squaredError":1,"ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"voxels":16,"crops":2,"psnr":3,"squaredError":1,"ssim":-0.5}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":1, "ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":1.0,"ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":-0,"ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":1,"ssim":-0.5,"voxels":16,"voxels":16}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":1,"ssim":-0.5,"voxels":2147483648000000000000}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":1,"ssim":-0.5}""")]
    [InlineData("""{"psnr":3,"squaredError":1,"ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"SquaredError":1,"crops":2,"psnr":3,"ssim":-0.5,"voxels":16}""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":1,"ssim":-0.5,"voxels":16}x""")]
    [InlineData("""{"crops":2,"psnr":3,"squaredError":1,"ssim":-0.5,"voxels":16""")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("[]")]
    public void Anything_but_the_one_form_is_refused(string text) =>
        Fails.With(ErrorCatalogue.DocumentInvalid, () => CanonicalJson.Deserialize<ValidationSum>(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("""{"participants":[null],"group":"network","totalWeight":1}""")]
    [InlineData("""{"group":"network","participants":[null],"totalWeight":1}""")]
    [InlineData("""{"group":"network","participants":[{"weight":1}],"totalWeight":1}""")]
    [InlineData("""{"group":null,"participants":[],"totalWeight":1}""")]
    [InlineData("""{"group":"network","totalWeight":1}""")]
    public void Missing_parts_of_a_document_are_refused_before_anyone_stumbles_over_them(string text) =>
        Fails.With(ErrorCatalogue.DocumentInvalid, () => CanonicalJson.Deserialize<GroupRoster>(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_null_entry_of_a_dictionary_is_refused() => Fails.With(
        ErrorCatalogue.DocumentInvalid,
        () => CanonicalJson.Deserialize<UpdateReport>(Encoding.UTF8.GetBytes(Text(Report).Replace("""{"crops":1,"psnr":25.2,"squaredError":12.25,"ssim":0.75,"voxels":4096}""", "null", StringComparison.Ordinal))));

    [Fact]
    public void A_document_that_is_too_large_is_refused_unread() =>
        Fails.With(ErrorCatalogue.DocumentInvalid, () => CanonicalJson.Read<string>(new byte[CanonicalJson.MaximumBytes + 1]));

    [Fact]
    public void Damaged_documents_give_the_numbered_error_or_the_very_same_bytes()
    {
        var whole = CanonicalJson.Serialize(Report);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, 3]).Array[1, 4].Sample(
            edits =>
            {
                var bytes = new List<byte>(whole);
                foreach (var (at, value, kind) in edits.Where(e => e.Item1 < bytes.Count))
                {
                    switch (kind)
                    {
                        case 0: bytes[at] = value; break;
                        case 1: bytes.RemoveAt(at); break;
                        case 2: bytes.Insert(at, value); break;
                        default: bytes.InsertRange(at, "null"u8.ToArray()); break;
                    }
                }

                try
                {
                    Assert.Equal(bytes, CanonicalJson.Serialize(CanonicalJson.Deserialize<UpdateReport>(bytes.ToArray())));
                }
                catch (FederationException e)
                {
                    Assert.Equal(ErrorCatalogue.DocumentInvalid.Id, e.Code.Id);
                }
            },
            iter: 3000);
    }

    [Fact]
    public void Hash_is_the_sha256_of_the_bytes_however_they_are_held()
    {
        const string Published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        Assert.Equal(Published, CanonicalJson.Hash("abc"u8));
        Assert.Equal(Published, CanonicalJson.Hash("abc"u8.ToArray()));
    }

    [Fact]
    public void The_readable_form_has_the_same_content()
    {
        var text = CanonicalJson.ToReadable(Report);
        Assert.Contains("\n", text, StringComparison.Ordinal);
        Assert.Equal(CanonicalJson.Hash(Report), CanonicalJson.Hash(CanonicalJson.Read<UpdateReport>(Encoding.UTF8.GetBytes(text))));
        Assert.Throws<FederationException>(() => CanonicalJson.Deserialize<UpdateReport>(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Round_context_binds_opening_and_roster_in_this_order()
    {
        var a = new string('a', 64);
        var b = new string('b', 64);
        Assert.NotEqual(RoundContexts.Round(a, b), RoundContexts.Round(b, a));
        Assert.Equal(CanonicalJson.Hash([.. Enumerable.Repeat((byte)0xaa, 32), .. Enumerable.Repeat((byte)0xbb, 32)]), RoundContexts.Round(a, b));
    }

    private static string Text<T>(T document) => Encoding.UTF8.GetString(CanonicalJson.Serialize(document)).ToString(CultureInfo.InvariantCulture);
}
