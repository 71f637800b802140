using BrainMVP.Federated.Imaging.Tests.Nifti.Fuzzing;

namespace BrainMVP.Federated.Imaging.Tests.Nifti;

public sealed class FuzzTests
{
    /// <summary>A sample; <c>benchmarks fuzz</c> reads a million.</summary>
    [Fact]
    public void Twenty_thousand_mutated_files_give_volumes_or_numbers_within_their_memory()
    {
        var report = new NiftiFuzzer(seed: 1).Run(0, 20_000);
        Assert.Empty(report.Failures);
        Assert.Equal(20_000, report.Outcomes.Values.Sum());

        // A mutator that only makes rubbish would test nothing behind the first check.
        Assert.True(report.Outcomes["volume read"] > 2_000);
        Assert.True(report.Outcomes["header read"] > 1_000);
        Assert.All((string[])["BMF-1102", "BMF-1103", "BMF-1104", "BMF-1105"], number => Assert.True(report.Outcomes[number] > 500));
    }

    [Fact]
    public void A_file_depends_on_seed_and_number_alone()
    {
        var (a, b) = (FuzzMutator.Create(3, 77), FuzzMutator.Create(3, 77));
        Assert.Equal(a.Files.Keys, b.Files.Keys);
        Assert.All(a.Files, f => Assert.Equal(f.Value, b.Files[f.Key]));
        Assert.NotEqual(a.Files.Values.First(), FuzzMutator.Create(3, 78).Files.Values.First());
    }
}
