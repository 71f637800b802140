using BrainMVP.Federated.Imaging.Nifti;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>Writes phantom cases as a folder per subject: SUBJECT/SUBJECT_T1.nii.gz and SUBJECT/SUBJECT_seg.nii.gz.</summary>
public static class PhantomDataset
{
    /// <param name="folder">Created when missing.</param>
    /// <param name="request">What to generate.</param>
    /// <param name="progress">Receives each finished subject.</param>
    /// <returns>Subjects in order.</returns>
    public static IReadOnlyList<string> Write(string folder, PhantomRequest request, IProgress<string>? progress = null, CancellationToken cancellation = default)
    {
        request.Check();
        var subjects = new List<string>();
        for (var number = 0; number < request.Cases; number++)
        {
            cancellation.ThrowIfCancellationRequested();
            var made = PhantomGenerator.Generate(request, number);
            var target = Path.Combine(folder, made.Subject);
            foreach (var (modality, volume) in made.Volumes)
            {
                NiftiWriter.Write(Path.Combine(target, $"{made.Subject}_{modality.ToUpperInvariant()}.nii.gz"), volume);
            }

            NiftiWriter.Write(Path.Combine(target, $"{made.Subject}_seg.nii.gz"), made.Labels);
            subjects.Add(made.Subject);
            progress?.Report(made.Subject);
        }

        return subjects;
    }
}
