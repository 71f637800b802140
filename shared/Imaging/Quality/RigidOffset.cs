using System.Globalization;

namespace BrainMVP.Federated.Imaging.Quality;

/// <summary>Where one volume would have to be taken from to fit another best, as a rigid motion about the foreground's centre.</summary>
/// <param name="Right">Millimetres towards the patient's right; negative to the left.</param>
/// <param name="Anterior">Millimetres towards the front.</param>
/// <param name="Superior">Millimetres upwards.</param>
/// <param name="RotationDegrees">Angle of the rotation, 0 or more.</param>
/// <param name="DisplacementMm">Mean distance that the foreground's points move: translation and rotation in one number.</param>
/// <param name="InformationHere">Normalised mutual information at 4 mm where the headers put the volumes.</param>
/// <param name="InformationThere">The same at the best position found.</param>
/// <param name="Sharpness">
/// What the information above 1 is here, relative to its mean at six positions 8 mm away: well above 1 when the volumes
/// lie on each other, about 1 or less when not or when they show different anatomy.
/// </param>
public sealed record RigidOffset(
    double Right, double Anterior, double Superior, double RotationDegrees, double DisplacementMm, double InformationHere, double InformationThere, double Sharpness)
{
    /// <summary>Relative growth of the information above 1 at the best position, 0 or more.</summary>
    public double Gain => InformationThere <= InformationHere ? 0 : (InformationThere - InformationHere) / Math.Max(InformationHere - 1, 1e-6);

    /// <summary>For people: "8.0 mm (7 mm superior, 3 mm left, turned by 2 degrees)".</summary>
    internal string Describe()
    {
        var parts = new[] { Side(Superior, "superior", "inferior"), Side(Anterior, "anterior", "posterior"), Side(Right, "right", "left") }
            .OrderByDescending(p => p.Amount).Where(p => p.Amount >= 1).Select(p => p.Text).ToList();
        if (RotationDegrees >= 1)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"turned by {RotationDegrees:F0} degrees"));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{DisplacementMm:F1} mm{(parts.Count > 0 ? $" ({string.Join(", ", parts)})" : "")}");

        static (double Amount, string Text) Side(double mm, string positive, string negative) =>
            (Math.Abs(mm), string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(mm):F0} mm {(mm > 0 ? positive : negative)}"));
    }
}
