using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>A temporary folder with prepared phantom cases and an initial model, as a trainer finds them.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("benchmarks-").FullName;

    public Scratch(Plan plan, int cases)
    {
        Plan = plan;
        var request = new PhantomRequest
        {
            Seed = 5,
            Site = "bench",
            Scanner = "north",
            Modalities = ["t1", "t1c", "t2", "flair"],
            Cases = cases,
            SpacingMm = (int)Math.Max(1, plan.Imaging.SpacingMm),
        };
        PhantomDataset.Write(Path.Combine(_folder, "volumes"), request);
        PreparedDataset.Prepare(DatasetScanner.Scan(Path.Combine(_folder, "volumes")), plan.Imaging, Path.Combine(_folder, "data"));
        ModelInitializer.Write(plan, Path.Combine(_folder, "initial.safetensors"));
    }

    public Plan Plan { get; }

    public RoundJob Job => new()
    {
        Plan = Plan,
        Site = "bench",
        Round = 1,
        ModelPath = Path.Combine(_folder, "initial.safetensors"),
        TemplatePaths = new Dictionary<string, string>(),
        DataFolder = Path.Combine(_folder, "data"),
        JobFolder = Path.Combine(_folder, "job"),
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
