namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>One sample that a lesion may change.</summary>
/// <param name="Place">Model position without the tumour's pressure: lesions have their form here.</param>
/// <param name="Anatomy">Model position of the tissue that lies here.</param>
/// <param name="Envelope">Signed distance to the brain's envelope, mm.</param>
/// <param name="Side">Voxel side, mm.</param>
internal readonly record struct LesionSite(Point Place, Point Anatomy, double Envelope, double Side);

/// <summary>Something that replaces tissue.</summary>
internal interface ILesion
{
    /// <summary>Replaces parts of tissues by those of the lesion; the sum stays.</summary>
    Finding Apply(in LesionSite site, Span<double> parts);
}

internal static class Replacement
{
    /// <summary>Takes a part of one tissue.</summary>
    /// <returns>How much was taken.</returns>
    public static double Take(Span<double> parts, Tissue tissue, double share)
    {
        var taken = parts[(int)tissue] * share;
        parts[(int)tissue] -= taken;
        return taken;
    }

    public static double Total(ReadOnlySpan<double> parts)
    {
        var sum = 0.0;
        foreach (var part in parts)
        {
            sum += part;
        }

        return sum;
    }
}
