using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.External;

public sealed class PipelineReaderTests
{
    private const string Step = """
        steps:
          - name: a
            kind: command
            program: /bin/cp
            arguments: ["{in}", "{out}"]
            output: image.nii.gz
            gives: image

        """;

    [Fact]
    public void Every_built_in_pipeline_can_be_read_and_names_only_programs_with_a_hint()
    {
        foreach (var name in BuiltInPipelines.Names)
        {
            var pipeline = PipelineReader.Find(name);
            Assert.Equal(name == BuiltInPipelines.None ? 0 : 4, pipeline.Steps.Count(s => s.Kind is not StepKind.Command) + (name == "ants" ? 1 : 0));
            Assert.All(pipeline.Steps, s => Assert.NotEqual("", s.Program.Install));
            Assert.All(BuiltInPipelines.Text(name)!.Split('\n'), line => Assert.DoesNotContain('\t', line));
        }
    }

    [Fact]
    public void Elastix_registers_rigidly_strips_by_an_affine_atlas_and_interpolates_nothing_itself()
    {
        var steps = PipelineReader.Find(BuiltInPipelines.Elastix).Steps;
        Assert.Equal([StepKind.Convert, StepKind.Register, StepKind.Strip, StepKind.Atlas], steps.Select(s => s.Kind));
        Assert.All(steps.Skip(1), s => Assert.Equal(StepResult.Transform, s.Gives));
        Assert.Equal([false, false, true, false], steps.Select(s => s.Refine));
    }

    [Fact]
    public void Fields_and_defaults_are_as_documented()
    {
        var pipeline = PipelineReader.Read("reference: [flair, t1]\nthreads: 3\nminimumOverlap: 0.5\n" + Step, "p", "/folder");
        Assert.Equal(("flair", "t1", "pd"), (pipeline.ReferenceOf(["t1", "flair"]), pipeline.ReferenceOf(["t1", "t2"]), pipeline.ReferenceOf(["adc", "pd"])));
        Assert.Equal((3, 0.5, "/folder"), (pipeline.Threads, pipeline.MinimumOverlap, pipeline.Folder));
        var step = Assert.Single(pipeline.Steps);
        Assert.Equal((TimeSpan.FromMinutes(20), (1.0, 100.0), false), (step.Timeout, step.NonZeroPercent!.Value, step.Refine));
        Assert.Empty(PipelineReader.Read("", "p", null).Steps);
        Assert.Empty(PipelineReader.Read("# only a comment\n", "p", null).Steps);
    }

    [Theory]
    [InlineData("refrence: [t1]", "line 1", "refrence")]
    [InlineData("reference: [t1]\nthreads: many", "line 2", "threads")]
    [InlineData("threads: 1.5", "line 1", "threads")]
    [InlineData("threads: 0", "line 1", "threads")]
    [InlineData("reference: [t1, dixon]", "line 1", "dixon")]
    [InlineData("minimumOverlap: NaN", "line 1", "minimumOverlap")]
    [InlineData("atlasImage: nowhere.nii.gz", "line 1", "nowhere.nii.gz")]
    [InlineData("steps: a", "line 1", "steps")]
    [InlineData("steps: [a]", "line 1", "field: value")]
    [InlineData("- a", "line 1", "field: value")]
    [InlineData("a: [\n", "line 2", "")]
    [InlineData("steps:\n  - &x {name: a}\n  - *x", "line 3", "alias")]
    [InlineData("threads: 1\n---\nthreads: 2", "line 2", "one document")]
    [InlineData("threads: 1\nthreads: 2", "line 2", "")]
    public void A_pipeline_that_cannot_be_used_names_the_line(string text, string line, string mention) => Refused(text, line, mention);

    [Theory]
    [InlineData("name: a", "name: a b", "line 2", "name")]
    [InlineData("name: a", "name: -a", "line 2", "name")]
    [InlineData("name: a", "nmae: a", "line 2", "nmae")]
    [InlineData("kind: command", "kind: comand", "line 3", "comand")]
    [InlineData("kind: command", "kind: 1", "line 3", "kind")]
    [InlineData("kind: command", "kind: register, strip", "line 3", "kind")]
    [InlineData("    program: /bin/cp\n", "", "line 2", "program is missing")]
    [InlineData("program: /bin/cp", "program: ''", "line 4", "program")]
    [InlineData("{in}", "{input}", "line 5", "{input}")]
    [InlineData("{in}", "{mask}", "line 5", "{mask}")]
    [InlineData("{in}", "{pipeline}", "line 5", "{pipeline}")]
    [InlineData("{in}", "{in", "line 5", "not closed")]
    [InlineData("{in}", "in}", "line 5", "}")]
    [InlineData("[\"{in}\", \"{out}\"]", "{in}", "line 5", "arguments")]
    [InlineData("output: image.nii.gz", "output: ../image.nii.gz", "line 6", "output")]
    [InlineData("output: image.nii.gz", "output: /image.nii.gz", "line 6", "output")]
    [InlineData("gives: image", "gives: mask", "line 7", "gives")]
    [InlineData("gives: image", "gives: image\n    timeout: 0", "line 8", "timeout")]
    [InlineData("gives: image", "gives: image\n    timeout: 1e300", "line 8", "timeout")]
    [InlineData("gives: image", "gives: image\n    nonZeroPercent: [60, 5]", "line 8", "nonZeroPercent")]
    [InlineData("gives: image", "gives: image\n    nonZeroPercent: 5", "line 8", "nonZeroPercent")]
    [InlineData("gives: image", "gives: image\n    refine: true", "line 8", "refine")]
    [InlineData("gives: image", "gives: image\n    modalities: [x]", "line 8", "modalities")]
    [InlineData("gives: image", "gives: image\n    versionPattern: '('", "line 8", "versionPattern")]
    [InlineData("gives: image", "gives: image\n    minimumVersion: '3'", "line 8", "minimumVersion")]
    public void A_step_that_cannot_be_used_names_the_line(string part, string instead, string line, string mention) =>
        Refused(Step.Replace(part, instead, StringComparison.Ordinal), line, mention);

    [Theory]
    [InlineData("register", "transform", "command", "image", "before register")]
    [InlineData("atlas", "transform", "strip", "mask", "before the atlas step")]
    [InlineData("register", "image", "register", "image", "earlier register")]
    [InlineData("command", "image", "convert", "image", "must be the first")]
    public void Steps_stand_in_an_order_that_makes_sense(string first, string firstGives, string second, string secondGives, string mention)
    {
        string Of(string name, string kind, string gives) => Step.Replace("steps:\n", "", StringComparison.Ordinal)
            .Replace("name: a", $"name: {name}", StringComparison.Ordinal).Replace("command", kind, StringComparison.Ordinal).Replace("gives: image", $"gives: {gives}", StringComparison.Ordinal);
        Refused("steps:\n" + Of("a", first, firstGives) + Of("b", second, secondGives), "line 9", mention);
    }

    [Fact]
    public void Two_steps_cannot_share_a_name() => Refused(Step + Step.Replace("steps:\n", "", StringComparison.Ordinal), "line 8", "earlier step");

    [Fact]
    public void A_file_that_is_not_there_lists_the_built_in_pipelines()
    {
        var e = Make.Throws(ErrorCatalogue.PipelineInvalid, () => PipelineReader.Find("elastics"));
        Assert.Contains(BuiltInPipelines.Elastix, e.Message, StringComparison.Ordinal);
    }

    private static void Refused(string text, string line, string mention)
    {
        var e = Make.Throws(ErrorCatalogue.PipelineInvalid, () => PipelineReader.Read(text, "pipeline.yaml", null));
        Assert.Contains("pipeline.yaml, " + line, e.Message, StringComparison.Ordinal);
        Assert.Contains(mention, e.Message, StringComparison.Ordinal);
    }
}
