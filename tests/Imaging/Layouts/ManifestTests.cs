using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Tests.Support;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.Layouts;

public sealed class ManifestTests : IDisposable
{
    private const string Header = "subject,session,modality,path,volume,status,class,reason\n";
    private readonly Tree _tree = new();

    public ManifestTests() => _tree.Touch("a.nii.gz", "b.nii.gz", "c.nii.gz");

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Sessions_volumes_classes_and_label_maps_reach_the_case()
    {
        var scan = Scan("p1,s1,t1,a.nii.gz,,accepted,tumour,\np1,s1,flair,b.nii.gz,2,,,\np1,s1,seg,c.nii.gz,,,,\np1,s2,t1,c.nii.gz,,ACCEPTED,,\n");
        Assert.Equal(["p1_s1", "p1_s2"], scan.Cases.Select(c => c.Name));
        Assert.Equal(2, scan.Cases[0].Series["flair"].Volume);
        Assert.Null(scan.Cases[0].Series["t1"].Volume);
        Assert.Equal(("tumour", "p1", "s1"), (scan.Cases[0].Class, scan.Cases[0].Subject, scan.Cases[0].Session));
        Assert.EndsWith("c.nii.gz", scan.Cases[0].Segmentation!.Path, StringComparison.Ordinal);
        Assert.Null(scan.Cases[1].Segmentation);
        Assert.Equal("", scan.Cases[1].Class);
    }

    [Fact]
    public void An_unconfirmed_series_skips_its_case_and_names_line_and_remedy()
    {
        var scan = Scan("p1,,t1,a.nii.gz,,accepted,,\np1,,t1c,b.nii.gz,,uncertain,,\"it names t1, t2\"\np2,,t1,c.nii.gz,,,,\n");
        Assert.Equal("p2", Assert.Single(scan.Cases).Subject);
        var skipped = Assert.Single(scan.Skipped);
        Assert.Equal(("p1", "BMF-1112"), (skipped.Subject, skipped.Error.Id));
        Assert.Contains("Line 3", skipped.Detail, StringComparison.Ordinal);
        Assert.Contains("it names t1, t2", skipped.Detail, StringComparison.Ordinal);
        Assert.Contains("accepted", skipped.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Ignored_lines_are_left_out_whatever_they_name()
    {
        var scan = Scan("p1,,t1,a.nii.gz,,accepted,,\np1,,,missing.nii.gz,,ignored,,localizer\np1,,swi,b.nii.gz,,ignored,,\n");
        Assert.Equal(["t1"], Assert.Single(scan.Cases).Series.Keys);
        Assert.Empty(scan.Skipped);
    }

    [Theory]
    [InlineData("p1,,banana,a.nii.gz,,,,\n", "line 2")]
    [InlineData("p1,,banana,a.nii.gz,,uncertain,,\n", "line 2")]
    [InlineData("p1,,t1,a.nii.gz,,maybe,,\n", "line 2")]
    [InlineData("p1,,t1,a.nii.gz,-1,,,\n", "line 2")]
    [InlineData("p1,,t1,a.nii.gz,x,,,\n", "line 2")]
    [InlineData("p1,,t1,a.nii.gz,,,x,\np1,,t2,b.nii.gz,,,y,\n", "line 3")]
    [InlineData("p1,,,a.nii.gz,,accepted,,\n", "modality is empty")]
    [InlineData("p1,,t1,\"a.nii.gz\"x,,,,\n", "line 2")]
    [InlineData("p1,,t1,a\0.nii.gz,,,,\n", "line 2")]
    public void A_line_that_makes_no_sense_is_refused(string lines, string names) =>
        Assert.Contains(names, Make.Throws(ErrorCatalogue.ManifestInvalid, () => Scan(lines)).Message, StringComparison.Ordinal);

    [Fact]
    public void Two_label_maps_or_two_series_of_a_modality_skip_the_case()
    {
        var scan = Scan("p1,,t1,a.nii.gz,,,,\np1,,seg,b.nii.gz,,,,\np1,,seg,c.nii.gz,,,,\np2,,t1,a.nii.gz,,,,\np2,,t1,b.nii.gz,,,,\np3,,t1,c.nii.gz,,,,\n");
        Assert.Equal("p3", Assert.Single(scan.Cases).Subject);
        Assert.All(scan.Skipped, s => Assert.Equal(ErrorCatalogue.ModalityDuplicate, s.Error));
    }

    [Fact]
    public void A_spreadsheet_with_semicolons_and_quoted_line_ends_is_read_and_lines_are_counted_as_an_editor_does()
    {
        _tree.Write("m.csv", "subject;modality;path;reason\r\np1;T1;a.nii.gz;\"two\r\nlines; one \"\"word\"\"\"\r\np1;nonsense;b.nii.gz;\r\n");
        Assert.Contains("line 4", Make.Throws(ErrorCatalogue.ManifestInvalid, () => DatasetScanner.Scan(_tree.PathOf("m.csv"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_one_manifest_is_read_by_it()
    {
        _tree.Write("manifest.csv", Header + "p1,,t2,a.nii.gz,,,,\n");
        Assert.Equal(["t2"], Assert.Single(DatasetScanner.Scan(_tree.Path).Cases).Series.Keys);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var text = Gen.String[Gen.OneOf(Gen.Char['a', 'z'], Gen.Const(','), Gen.Const('"'), Gen.Const('\n'), Gen.Const(' '), Gen.Const(';'), Gen.Const('é')), 1, 12].Where(t => t.Trim().Length > 0 && t.Trim() == t);
        Gen.Select(text, text, text).Sample((subject, session, reason) =>
        {
            ManifestWriter.Write(_tree.PathOf("w.csv"), [new ManifestRow(subject, session, "t1", new SeriesFile(_tree.PathOf("a.nii.gz"), 3), SeriesStatus.Accepted, reason) { Class = reason }]);
            var only = Assert.Single(DatasetScanner.Scan(_tree.PathOf("w.csv")).Findings);
            Assert.Equal((subject, session, reason, 3, reason), (only.Subject, only.Session, only.Proposal.Reason, only.File.Volume, only.Class));
            Assert.Equal(_tree.PathOf("a.nii.gz"), only.File.Path);
        }, iter: 200, threads: 1);
    }

    private ScanResult Scan(string lines)
    {
        _tree.Write("m.csv", Header + lines);
        return DatasetScanner.Scan(_tree.PathOf("m.csv"));
    }
}
