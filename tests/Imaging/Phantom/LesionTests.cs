using BrainMVP.Federated.Imaging.Phantom;

namespace BrainMVP.Federated.Imaging.Tests.Phantom;

public sealed class LesionTests
{
    [Fact]
    public void Gliomas_have_the_labels_and_volumes_of_the_field()
    {
        Assert.All(People.Gliomas, p => Assert.All(p.Labels.Voxels, v => Assert.True(v is 0 or 1 or 2 or 4)));
        Assert.All(People.Gliomas, p => Assert.InRange(p.Millilitres(1, 2, 4), 2, 260));
        Assert.All(People.Gliomas, p => Assert.InRange(p.Millilitres(1, 4), 1.5, 130));
        Assert.InRange(People.Gliomas.Average(p => p.Millilitres(1, 2, 4)), 25, 140);
        Assert.True(People.Gliomas.Max(p => p.Millilitres(1, 2, 4)) > 2 * People.Gliomas.Min(p => p.Millilitres(1, 2, 4)));
    }

    [Fact]
    public void Necrosis_lies_in_the_enhancing_rim_and_the_core_in_oedema()
    {
        var wrapped = People.Gliomas.Where(p => p.Millilitres(4) > 3 && p.Millilitres(1) > 1).ToArray();
        Assert.NotEmpty(wrapped);

        // Along each axis, most neighbours of necrosis outside it are rim, and few are healthy.
        Assert.All(wrapped, p =>
        {
            var around = Neighbours(p, 1).ToArray();
            Assert.True(around.Count(v => v == 4) > 0.6 * around.Length);
            Assert.True(around.Count(v => v == 0) < 0.2 * around.Length);
        });
        var oedema = wrapped.SelectMany(p => Neighbours(p, 4)).Where(v => v != 1).ToArray();
        Assert.True(oedema.Count(v => v == 2) > 0.5 * oedema.Length);
    }

    [Fact]
    public void A_glioma_looks_as_it_does_on_each_modality()
    {
        var enhancing = People.Gliomas.Where(p => p.Millilitres(4) > 3).ToArray();
        Assert.InRange(enhancing.Length, 2, People.Gliomas.Count - 1);
        Assert.All(enhancing, p => Assert.True(p.Mean("t1c", 4) > 1.2 * p.Mean("t1c", 0)));
        Assert.All(enhancing, p => Assert.True(p.Mean("t1", 4) < p.Mean("t1", 0)));
        Assert.All(People.Gliomas, p => Assert.True(p.Mean("t1", 1, 2) < 0.9 * White(p)));
        Assert.All(People.Gliomas.Where(p => p.Millilitres(2) > 2), p => Assert.True(p.Mean("flair", 2) > 1.2 * p.Mean("flair", 0)));
        Assert.All(enhancing.Where(p => p.Millilitres(1) > 3), p => Assert.True(p.Mean("adc", 1) > 1.2 * p.Mean("adc", 4)));
    }

    [Fact]
    public void High_grades_enhance_and_swell_more_often_but_not_always()
    {
        // The class of a person does not say which single sign is there.
        var (high, low) = (People.Gliomas.Where(p => p.Class == "1").ToArray(), People.Gliomas.Where(p => p.Class == "0").ToArray());
        Assert.NotEmpty(high);
        Assert.NotEmpty(low);
        Assert.True(high.Average(p => p.Millilitres(4)) > 2 * low.Average(p => p.Millilitres(4)));
        Assert.True(high.Average(p => p.Millilitres(2)) > low.Average(p => p.Millilitres(2)));
    }

    [Fact]
    public void A_glioma_and_an_infarct_keep_to_one_side() => Assert.All(People.Gliomas.Concat(People.Strokes), p =>
    {
        var half = p.Labels.Voxels.Length / 2;
        int left = p.Labels.Voxels.Take(half).Count(v => v is not 0 and not 2), right = p.Labels.Voxels.Skip(half).Count(v => v is not 0 and not 2);
        Assert.True(Math.Min(left, right) <= 0.25 * (left + right));
    });

    [Fact]
    public void Infarcts_are_bright_on_diffusion_and_dark_on_its_coefficient()
    {
        Assert.All(People.Strokes, p => Assert.All(p.Labels.Voxels, v => Assert.True(v is 0 or 1)));
        Assert.All(People.Strokes, p => Assert.InRange(p.Millilitres(1), 0.06, 350));
        Assert.All(People.Strokes, p => Assert.True(p.Mean("dwi", 1) > 1.15 * p.Mean("dwi", 0)));
        Assert.All(People.Strokes, p => Assert.True(p.Mean("adc", 1) < 0.85 * p.Mean("adc", 0)));
        Assert.True(People.Strokes.Max(p => p.Millilitres(1)) > 8 * People.Strokes.Min(p => p.Millilitres(1)));
    }

    [Fact]
    public void Plaques_are_many_small_and_bright_on_flair()
    {
        var person = PhantomGenerator.Generate(People.Request with { Disease = PhantomDisease.Ms, Modalities = ["flair"], SpacingMm = 2 }, 1);
        Assert.All(person.Labels.Voxels, v => Assert.True(v is 0 or 1));
        Assert.InRange(person.Millilitres(1), 0.3, 60);
        Assert.True(person.Mean("flair", 1) > 1.15 * person.Mean("flair", 0));
    }

    [Fact]
    public void Labels_do_not_depend_on_scanner_modalities_or_skull()
    {
        var request = People.Request with { Disease = PhantomDisease.Glioma };
        var labels = PhantomGenerator.Generate(request, 1).Labels.Voxels;
        Assert.Equal(labels, PhantomGenerator.Generate(request with { Scanner = "remote", Modalities = ["mra"] }, 1).Labels.Voxels);
        Assert.Equal(labels, PhantomGenerator.Generate(request with { WholeHead = true }, 1).Labels.Voxels);
    }

    [Fact]
    public void Without_a_disease_nothing_is_labelled() => Assert.All(People.Healthy, p => Assert.DoesNotContain(p.Labels.Voxels, v => v != 0));

    [Fact]
    public void Diseases_have_names_and_label_values()
    {
        Assert.Equal(["mixed", "none", "glioma", "stroke", "ms"], PhantomDiseases.Names);
        Assert.Equal([1, 2, 4], PhantomDiseases.Labels(PhantomDisease.Glioma).Keys);
        Assert.Equal([1], PhantomDiseases.Labels(PhantomDisease.Stroke).Keys);
    }

    /// <summary>Bright voxels on T1.</summary>
    private static double White(PhantomCase person)
    {
        var brain = person.Volumes["t1"].Voxels.Where(v => v > 0).Order().ToArray();
        return brain[brain.Length * 4 / 5];
    }

    /// <summary>Labels of the six neighbours of a label's voxels that have another one.</summary>
    private static IEnumerable<int> Neighbours(PhantomCase person, int label)
    {
        var labels = person.Labels;
        (int I, int J, int K)[] steps = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)];
        for (var n = 0; n < labels.Voxels.Length; n++)
        {
            if ((int)labels.Voxels[n] == label)
            {
                var (i, j, k) = (n / (labels.Shape.J * labels.Shape.K), n / labels.Shape.K % labels.Shape.J, n % labels.Shape.K);
                foreach (var (di, dj, dk) in steps)
                {
                    var other = (int)labels[i + di, j + dj, k + dk];
                    if (other != label)
                    {
                        yield return other;
                    }
                }
            }
        }
    }
}
