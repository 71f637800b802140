namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>What lies around the brain when it is not stripped: fluid, skull, scalp, face, neck and eyes.</summary>
internal static class HeadTissues
{
    public static void Sample(Point m, double h, double envelope, HeadVariation head, Span<double> parts)
    {
        var left = Shapes.Coverage(-envelope, h);
        if (left <= 0)
        {
            return;
        }

        var p = m with { X = Math.Abs(m.X) };
        var skull = Shapes.Union(envelope, Shapes.Ellipsoid(p, new(0, -17, 11), 70, 88, 67), 10);
        var face = Shapes.Union(Shapes.Ellipsoid(p, new(0, 30, -52), 56, 58, 52), Shapes.Tube(p, new(0, -42, -50), new(0, -46, -130), 52, 54), 20);
        var skin = Shapes.Union(skull - 12, face, 12);
        var eye = Shapes.Ellipsoid(p, new(32, 62, -34), 12, 12, 12);
        Take(parts, ref left, Tissue.Csf, Shapes.Coverage(skull - 2.4, h));
        Take(parts, ref left, Tissue.Vitreous, Shapes.Coverage(eye, h));
        Take(parts, ref left, Tissue.Fat, Shapes.Coverage(eye - 5, h));
        Take(parts, ref left, Tissue.Bone, Shapes.Coverage(skull - 4.2, h));

        // Marrow between the tables of the skull gives a faint line.
        Take(parts, ref left, Tissue.Fat, 0.45 * Shapes.Coverage(skull - 6.0, h));
        Take(parts, ref left, Tissue.Bone, Shapes.Coverage(skull - 7.6, h));
        var airway = Shapes.Ellipsoid(p, new(0, 44, -52), 11, 34, 20);
        left *= 1 - Shapes.Coverage(airway, h);
        var mixed = 0.5 + (0.4 * head.Texture.At(m));
        var inner = left * Shapes.Coverage(skin + 4, h);
        parts[(int)Tissue.Muscle] += inner * Math.Clamp(mixed, 0.2, 1);
        parts[(int)Tissue.Fat] += inner * (1 - Math.Clamp(mixed, 0.2, 1));
        left -= inner;
        Take(parts, ref left, Tissue.Fat, Shapes.Coverage(skin + 1.2, h));
        Take(parts, ref left, Tissue.Muscle, Shapes.Coverage(skin, h));
    }

    private static void Take(Span<double> parts, ref double left, Tissue tissue, double coverage)
    {
        var part = left * coverage;
        parts[(int)tissue] += part;
        left -= part;
    }
}
