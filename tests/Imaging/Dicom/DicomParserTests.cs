using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Dicom;

namespace BrainMVP.Federated.Imaging.Tests.Dicom;

public sealed class DicomParserTests
{
    [Theory]
    [InlineData("1.2.840.10008.1.2.1", true)]
    [InlineData("1.2.840.10008.1.2", true)]
    [InlineData("1.2.840.10008.1.2.4.90", true)]
    [InlineData("1.2.840.10008.1.2.1", false)]
    [InlineData("1.2.840.10008.1.2", false)]
    public void Explicit_implicit_and_bare_files_say_the_same(string syntax, bool preamble)
    {
        var header = Read(new DicomSample("T1 \u001b[31m") { TransferSyntax = syntax, Preamble = preamble }.Timing(2300, 2.98, 900, "GR\\IR").ToArray());
        Assert.Equal(("T1  [31m", "MR", "P1", "1.2.3", "1.2.3.4"), (header.Description, header.Modality, header.PatientId, header.StudyUid, header.SeriesUid));
        Assert.Equal((2300.0, 2.98, 900.0, 20), (header.RepetitionTime, header.EchoTime, header.InversionTime, header.Frames));
        Assert.Equal(["GR", "IR"], header.ScanningSequence);
    }

    [Theory]
    [InlineData("1.2.840.10008.1.2.1.99")]
    [InlineData("1.2.840.10008.1.2.2")]
    public void Deflated_and_big_endian_files_are_refused(string syntax) =>
        Assert.Equal(DicomOutcome.Refused, DicomParser.Parse(new DicomSample { TransferSyntax = syntax }.ToArray(), whole: true).Outcome);

    [Fact]
    public void Sequences_of_undefined_length_are_skipped_at_any_depth_that_is_sane()
    {
        // (0008,1111) SQ, undefined: item, undefined: (0008,1155) UI "9.9", a nested sequence, delimiters.
        byte[] inner = [0x08, 0, 0x55, 0x11, (byte)'U', (byte)'I', 4, 0, (byte)'9', (byte)'.', (byte)'9', 0];
        byte[] Sequence(byte[] content) => [0x08, 0, 0x10, 0, (byte)'S', (byte)'Q', 0, 0, 255, 255, 255, 255, 0xFE, 0xFF, 0, 0xE0, 255, 255, 255, 255, .. content, 0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
        Assert.Equal("t1_mprage", Read(new DicomSample { Before = Sequence([.. inner, .. Sequence(inner)]) }.ToArray()).Description);

        var deep = inner;
        for (var n = 0; n < 5000; n++)
        {
            deep = n < 40 ? Sequence(deep) : deep;
        }

        Assert.Equal(DicomOutcome.Refused, DicomParser.Parse(new DicomSample { Before = deep }.ToArray(), whole: true).Outcome);
    }

    [Fact]
    public void Lengths_that_lie_and_files_that_end_are_no_surprise()
    {
        var whole = new DicomSample().Timing(500, 10).ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            var (outcome, header) = DicomParser.Parse(whole.AsSpan(0, length), whole: true);
            Assert.Equal(outcome == DicomOutcome.Header, header is not null);
            Assert.NotEqual(DicomOutcome.NeedMore, outcome);
        }

        byte[] huge = [0x08, 0, 0x05, 0, (byte)'U', (byte)'N', 0, 0, 0xFE, 255, 255, 255];
        Assert.Null(DicomParser.Parse(new DicomSample { Before = huge }.ToArray(), whole: true).Header);
        Assert.Equal(DicomOutcome.NeedMore, DicomParser.Parse(new DicomSample { Before = huge }.ToArray(), whole: false).Outcome);
    }

    [Theory]
    [InlineData("")]
    [InlineData("subject,modality,path\n")]
    [InlineData("\b\0\0\0\0\0\0\0 not dicom at all, but it begins like one")]
    public void Other_files_are_not_dicom(string text) => Assert.Equal(DicomOutcome.NotDicom, DicomParser.Parse(System.Text.Encoding.Latin1.GetBytes(text), whole: true).Outcome);

    [Fact]
    public void Twenty_thousand_mutated_files_never_throw_and_never_take_long()
    {
        byte[] nested = [0x08, 0, 0x10, 0, (byte)'S', (byte)'Q', 0, 0, 255, 255, 255, 255, 0xFE, 0xFF, 0, 0xE0, 255, 255, 255, 255, 0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
        byte[][] seeds =
        [
            new DicomSample { Before = nested }.Timing(2300, 22).ToArray(), new DicomSample { TransferSyntax = "1.2.840.10008.1.2" }.Timing(500, 10).ToArray(),
            new DicomSample { Preamble = false }.ToArray(), new DicomSample { TransferSyntax = "1.2.840.10008.1.2", Preamble = false }.ToArray(),
        ];
        var random = new CounterRandom(7, "dicom mutations");
        var headers = 0;
        for (var n = 0; n < 20_000; n++)
        {
            var bytes = seeds[n % seeds.Length].ToArray();
            for (var change = random.NextInt32(8); change >= 0; change--)
            {
                var at = random.NextInt32(bytes.Length);
                bytes[at] = random.NextInt32(3) switch { 0 => 255, 1 => (byte)(bytes[at] ^ (1 << random.NextInt32(8))), _ => (byte)random.NextInt32(256) };
            }

            headers += DicomParser.Parse(bytes.AsSpan(0, random.NextInt32(4) == 0 ? random.NextInt32(bytes.Length) : bytes.Length), whole: n % 3 != 0).Header is null ? 0 : 1;
        }

        // Most mutations hit a value or the preamble; that some files are read shows that the test reaches the fields.
        Assert.InRange(headers, 2000, 19_000);
    }

    private static DicomHeader Read(byte[] bytes)
    {
        var (outcome, header) = DicomParser.Parse(bytes, whole: true);
        Assert.Equal(DicomOutcome.Header, outcome);
        return header!;
    }
}
