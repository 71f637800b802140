using System.Globalization;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>
/// Makes co-registered heads: anatomy → parts of tissues in each voxel → signal equations → resolution → receive field →
/// Rician noise. A case depends only on (seed, site, number) and the settings, never on other cases or on threads; its
/// anatomy and lesions not on scanner, modalities or spacing, and no modality on the others.
/// </summary>
public static class PhantomGenerator
{
    /// <summary>Field of view along R, A, S in mm.</summary>
    public static (int R, int A, int S) FieldOfViewMm => (240, 240, 160);

    /// <summary>Name of a person.</summary>
    /// <param name="number">0-based number of the case.</param>
    public static string SubjectOf(string site, int number) => string.Create(CultureInfo.InvariantCulture, $"{site}-{number + 1:D4}");

    /// <param name="request">Checked by this method.</param>
    /// <param name="number">0-based number of the case.</param>
    public static PhantomCase Generate(PhantomRequest request, int number)
    {
        request.Check();
        var subject = SubjectOf(request.Site, number);
        var scanner = ScannerPreset.Find(request.Scanner);
        var modalities = request.ModalitiesOf(subject);
        var painting = Painter.Paint(request, subject, scanner, modalities);
        var volumes = new Dictionary<string, Volume>(StringComparer.Ordinal);
        for (var n = 0; n < modalities.Count; n++)
        {
            Receiver.Receive(painting, n, request, subject, scanner, modalities[n]);
            volumes[modalities[n]] = new Volume(painting.Shape, painting.Affine, painting.Signals[n]);
        }

        var traits = PhantomTraits.Of(request.Seed, subject);
        return new PhantomCase(subject, volumes, new Volume(painting.Shape, painting.Affine, painting.Labels))
        {
            Brain = new Volume(painting.Shape, painting.Affine, [.. painting.Brain.Select(b => b < 0.5f ? 0f : 1f)]),
            Disease = request.Disease,
            IsWholeHead = request.WholeHead,
            Traits = traits,
            Class = traits.ClassFor(request.Disease),
        };
    }
}
