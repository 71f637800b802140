namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>Mirrors crops along their axes.</summary>
internal static class Mirror
{
    /// <param name="voxels">C order.</param>
    /// <param name="sides">Sides along the three axes.</param>
    /// <param name="axes">Which axes are mirrored.</param>
    public static void InPlace(Span<float> voxels, IReadOnlyList<int> sides, IReadOnlyList<bool> axes)
    {
        var row = sides[2];
        var plane = sides[1] * row;
        if (axes[0])
        {
            for (var i = 0; i < sides[0] / 2; i++)
            {
                Swap(voxels.Slice(i * plane, plane), voxels.Slice((sides[0] - 1 - i) * plane, plane));
            }
        }

        for (var i = 0; i < sides[0]; i++)
        {
            var slice = voxels.Slice(i * plane, plane);
            for (var j = 0; axes[1] && j < sides[1] / 2; j++)
            {
                Swap(slice.Slice(j * row, row), slice.Slice((sides[1] - 1 - j) * row, row));
            }

            for (var j = 0; axes[2] && j < sides[1]; j++)
            {
                slice.Slice(j * row, row).Reverse();
            }
        }
    }

    private static void Swap(Span<float> a, Span<float> b)
    {
        for (var n = 0; n < a.Length; n++)
        {
            (a[n], b[n]) = (b[n], a[n]);
        }
    }
}
