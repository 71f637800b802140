using BrainMVP.Federated.Networks.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Networks.Templates;

/// <summary>
/// One learnable whole-head volume [R, A, S] on the canvas per modality, each its own parameter: a modality that no
/// sample of a batch uses has no gradient and is left alone by the optimiser. Build it outside dispose scopes.
/// </summary>
public sealed class TemplateBank : IDisposable
{
    /// <summary>
    /// Range below which a guarded template is used as it is: the range of the intensities it stands in for. Dividing
    /// by less would blow up the first steps' noise to full contrast, after which the network learns to look past the
    /// template and AdamW's second moments stay at that scale; measured on small runs, a threshold of 0.001 leaves less
    /// than half of the correlation with the mean head.
    /// </summary>
    public const double FullRange = 1;

    private readonly SortedDictionary<string, Parameter> _templates = new(StringComparer.Ordinal);

    /// <param name="modalities">Modalities with a template here.</param>
    /// <param name="canvas">Voxels along R, A, S.</param>
    /// <param name="normalization">How a template is scaled before use.</param>
    public TemplateBank(IEnumerable<string> modalities, IReadOnlyList<int> canvas, TemplateNormalization normalization)
    {
        Canvas = canvas;
        Normalization = normalization;
        foreach (var modality in modalities)
        {
            _templates.Add(modality, new Parameter(zeros([canvas[0], canvas[1], canvas[2]]).DetachFromDisposeScope()));
        }
    }

    public IReadOnlyList<int> Canvas { get; }

    public TemplateNormalization Normalization { get; }

    /// <summary>Raw templates by modality, ordinal order.</summary>
    public IReadOnlyDictionary<string, Parameter> Templates => _templates;

    /// <summary>Name of a modality's template among the tensors of a model.</summary>
    public static string NameOf(string modality) => "template." + modality;

    /// <summary>Moves all templates. They are new parameters afterwards: make optimisers later.</summary>
    public void MoveTo(Device device)
    {
        if (device.type == DeviceType.CPU)
        {
            return;
        }

        using var noGradient = no_grad();
        foreach (var (modality, template) in _templates.ToArray())
        {
            _templates[modality] = new Parameter(template.detach().to(device).DetachFromDisposeScope());
            template.Dispose();
        }
    }

    /// <summary>Replaces the values of one template, C-order [R, A, S].</summary>
    public void Set(string modality, ReadOnlySpan<float> values) => values.CopyTo(ModelState.Elements(_templates[modality]));

    /// <summary>The template scaled to 0..1, differentiable, [R, A, S] on the canvas.</summary>
    public Tensor Normalized(string modality)
    {
        using var scope = NewDisposeScope();
        var template = _templates[modality];
        if (Normalization == TemplateNormalization.Faithful)
        {
            var low = template.min();
            return ((template - low) / (template.max() - low + 1e-9)).MoveToOuterDisposeScope();
        }

        float minimum, maximum;
        using (no_grad())
        {
            minimum = template.min().item<float>();
            maximum = template.max().item<float>();
        }

        var range = maximum - minimum;
        return (range < FullRange ? template.alias() : (template - minimum) / range).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The part of a canvas volume under a crop. A crop may reach over the canvas on any side; what lies outside is zero.
    /// </summary>
    /// <param name="volume">[R, A, S] on the canvas.</param>
    /// <param name="start">Canvas coordinates of the crop's first voxel; may be negative.</param>
    /// <param name="size">Sides of the crop.</param>
    public static Tensor Crop(Tensor volume, IReadOnlyList<int> start, IReadOnlyList<int> size)
    {
        using var scope = NewDisposeScope();
        var part = volume;
        var padding = new long[6];
        for (var axis = 0; axis < 3; axis++)
        {
            var side = (int)volume.shape[axis];
            var first = Math.Clamp(start[axis], 0, side);
            var last = Math.Clamp(start[axis] + size[axis], first, side);
            part = part.narrow(axis, first, last - first);

            // Padding is listed from the last axis to the first, low side before high side.
            var low = Math.Clamp(-start[axis], 0, size[axis]);
            padding[2 * (2 - axis)] = last > first ? low : 0;
            padding[(2 * (2 - axis)) + 1] = size[axis] - (last - first) - padding[2 * (2 - axis)];
        }

        return (padding.Any(p => p != 0) ? nn.functional.pad(part, padding) : part.alias()).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var template in _templates.Values)
        {
            template.Dispose();
        }
    }
}
