using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Imaging.Volumes;

/// <summary>A tensor on a plan's canvas as an image: along R, A, S, with the world's origin in the canvas's centre.</summary>
public static class CanvasVolume
{
    /// <param name="path">Safetensors file.</param>
    /// <param name="tensor">Name of an F32 tensor [R, A, S] in it, for example <c>template.t1</c>.</param>
    /// <param name="plan">Canvas and spacing.</param>
    /// <exception cref="FederationException">BMF-1401, BMF-1405 or BMF-1406.</exception>
    public static Volume Read(string path, string tensor, ImagingPlan plan)
    {
        using var reader = new SafetensorsReader(path);
        var (canvas, spacing) = (plan.Canvas, plan.SpacingMm);
        var affine = Affine.Scaling(spacing, spacing, spacing, -(canvas[0] - 1) / 2.0 * spacing, -(canvas[1] - 1) / 2.0 * spacing, -(canvas[2] - 1) / 2.0 * spacing);
        return new Volume(new VolumeShape(canvas[0], canvas[1], canvas[2]), affine, reader.ReadFloats(tensor));
    }
}
