using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Pictures;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Volumes;
using BrainMVP.Federated.Simulation.Federation;

namespace BrainMVP.Federated.Simulation.Results;

/// <summary>
/// A site's volumes on the template canvas, prepared with the same transforms as at the site. Only whoever owns all
/// the data, as here, can compare a template with the mean of its owners' volumes.
/// </summary>
public sealed class SiteVolumes
{
    private readonly Dictionary<string, (double[] Sum, int Cases)> _sums = new(StringComparer.Ordinal);
    private readonly Plan _plan;

    private SiteVolumes(Plan plan)
    {
        _plan = plan;
    }

    /// <summary>Cases that the site left out.</summary>
    public IReadOnlyList<SkippedResult> Skipped { get; private init; } = [];

    /// <summary>Notes of the preparation, one line a case.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    public bool Owns(string modality) => _sums.ContainsKey(modality);

    /// <summary>Adds the site's volumes of a modality to a sum over sites and returns how many.</summary>
    public int AddTo(double[] sum, string modality)
    {
        var (own, cases) = _sums[modality];
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += own[i];
        }

        return cases;
    }

    /// <summary>Prepares the data; a site without a usable case owns nothing. Also writes a picture of the first case.</summary>
    public static SiteVolumes Prepare(SiteData data, Plan plan, SimulationFolder folder, CancellationToken cancellation)
    {
        ScanResult scan;
        PreparedDataset set;
        try
        {
            scan = DatasetScanner.Scan(data.Folder);
            set = PreparedDataset.Prepare(scan, plan.Imaging, Path.Combine(folder.Work, "evaluation", data.Site.Name), null, cancellation);
        }
        catch (FederationException e) when (e.Code.Number is >= 1100 and < 1200)
        {
            return new SiteVolumes(plan) { Skipped = [new SkippedResult("all cases", e.Code.Id, e.Message)] };
        }

        var volumes = new SiteVolumes(plan)
        {
            Skipped = [.. set.Skipped.Select(s => new SkippedResult(s.Subject, s.Error, s.Detail))],
            Notes = [.. set.Cases.Where(c => c.Notes.Count > 0).Select(c => $"{c.Name}: {string.Join("; ", c.Notes)}")],
        };
        for (var i = 0; i < set.Cases.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var prepared = set.Read(i);
            foreach (var (modality, channel) in prepared.Modalities.Zip(prepared.Channels).Where(p => plan.Modalities.Contains(p.First, StringComparer.Ordinal)))
            {
                volumes.Add(modality, prepared, channel);
            }

            if (i == 0)
            {
                Picture(data, scan.Cases.First(c => c.Name == prepared.Subject), folder);
            }
        }

        return volumes;
    }

    private static void Picture(SiteData data, ScannedCase first, SimulationFolder folder)
    {
        var rows = first.Series.OrderBy(s => Contracts.Identity.Modalities.IndexOf(s.Key))
            .Select(s => new MontageRow(s.Key.ToUpperInvariant(), Imaging.Transforms.Orientation.ToRas(Imaging.Nifti.NiftiReader.Read(s.Value.Path, s.Value.Volume))))
            .ToArray();
        Contracts.Storage.DurableFile.WriteAllBytes(Path.Combine(folder.Root, "cases", data.Site.Name + ".png"), Montage.Render(rows));
    }

    private void Add(string modality, PreparedCase prepared, float[] channel)
    {
        var canvas = _plan.Imaging.Canvas;
        if (!_sums.TryGetValue(modality, out var sum))
        {
            sum = (new double[canvas[0] * canvas[1] * canvas[2]], 0);
        }

        var offset = prepared.CanvasOffset(canvas);
        for (var i = Math.Max(0, -offset.I); i < prepared.Shape.I && i + offset.I < canvas[0]; i++)
        {
            for (var j = Math.Max(0, -offset.J); j < prepared.Shape.J && j + offset.J < canvas[1]; j++)
            {
                for (var k = Math.Max(0, -offset.K); k < prepared.Shape.K && k + offset.K < canvas[2]; k++)
                {
                    sum.Sum[((((i + offset.I) * canvas[1]) + j + offset.J) * canvas[2]) + k + offset.K] += channel[(((i * prepared.Shape.J) + j) * prepared.Shape.K) + k];
                }
            }
        }

        _sums[modality] = (sum.Sum, sum.Cases + 1);
    }
}
