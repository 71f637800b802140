using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Preparation;

namespace BrainMVP.Federated.Training.Data;

/// <summary>
/// The cases of a prepared data set. A crop is copied straight from the mapped file: no volume is ever held, what is
/// used often stays in the system's page cache, and a site may own more volumes than memory.
/// </summary>
public sealed class PreparedCases : IDisposable
{
    /// <summary>Files that stay open by default; systems allow at least 1,024 to a process.</summary>
    public const int DefaultOpenFiles = 256;

    private readonly OpenCaseFiles _files;

    private PreparedCases(PreparedDataset dataset, Plan plan, int openFiles)
    {
        _files = new OpenCaseFiles(dataset, openFiles);
        Cases = [.. dataset.Cases.Select((entry, index) => ToCase(entry, index, plan.Imaging.Canvas))];
    }

    public IReadOnlyList<TrainingCase> Cases { get; }

    /// <summary>Opens a folder written by <see cref="PreparedDataset"/>.</summary>
    /// <exception cref="Contracts.Errors.FederationException">BMF-1110 or BMF-1011; later reads BMF-1401, 1402, 1404.</exception>
    public static PreparedCases Open(string folder, Plan plan, int openFiles = DefaultOpenFiles) => new(PreparedDataset.Load(folder), plan, openFiles);

    /// <summary>Closes the files; the cases cannot be read any more.</summary>
    public void Dispose() => _files.Dispose();

    private TrainingCase ToCase(PreparedEntry entry, int index, IReadOnlyList<int> canvas)
    {
        var offset = PreparedCase.OffsetOf(new(entry.Shape[0], entry.Shape[1], entry.Shape[2]), canvas);
        return new TrainingCase
        {
            Subject = entry.Subject,
            Session = entry.Session,
            Modalities = entry.Modalities,
            Shape = entry.Shape,
            CanvasOffset = [offset.I, offset.J, offset.K],
            Content = entry.Content,
            Volume = modality => new PreparedVolume(_files, index, IndexOf(entry.Modalities, modality)),
        };
    }

    private static int IndexOf(IReadOnlyList<string> modalities, string modality)
    {
        for (var i = 0; i < modalities.Count; i++)
        {
            if (string.Equals(modalities[i], modality, StringComparison.Ordinal))
            {
                return i;
            }
        }

        throw new ArgumentException($"The case has no {modality}.", nameof(modality));
    }

    private sealed class PreparedVolume(OpenCaseFiles files, int index, int modality) : ICaseVolume
    {
        public bool IsForeground(int voxel)
        {
            using var loan = files.Borrow(index);
            return loan.File.IsForeground(modality, voxel);
        }

        public void Copy(IReadOnlyList<int> start, IReadOnlyList<int> crop, Span<float> destination)
        {
            using var loan = files.Borrow(index);
            loan.File.Copy(modality, start, crop, destination);
        }
    }
}
