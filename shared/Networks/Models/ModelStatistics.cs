using BrainMVP.Federated.Contracts.Plans;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace BrainMVP.Federated.Networks.Models;

/// <summary>
/// What the network of a plan consists of, what a training step costs and about how much memory it takes. Plain data;
/// computed from the layers of the network itself, which is built for it and thrown away.
/// </summary>
public sealed record ModelStatistics
{
    /// <summary>One of <see cref="Backbones"/>.</summary>
    public required string Backbone { get; init; }

    /// <summary>Parts in the order of the forward pass.</summary>
    public required IReadOnlyList<ModelPart> Parts { get; init; }

    /// <summary>All tensors that the network is made of, ordinal order; without step counters and templates.</summary>
    public required IReadOnlyList<ModelTensor> Tensors { get; init; }

    /// <summary>Trained values of the network.</summary>
    public required long Parameters { get; init; }

    /// <summary>Values that are kept but not trained: running means and variances and one step counter for each batch normalisation.</summary>
    public required long BufferElements { get; init; }

    /// <summary>Templates that are trained beside the network.</summary>
    public required int Templates { get; init; }

    /// <summary>Values of all templates: modalities times canvas voxels.</summary>
    public required long TemplateElements { get; init; }

    /// <summary>Multiply-accumulate operations of convolutions and matrix products of a forward pass over one volume.</summary>
    public required long ForwardProducts { get; init; }

    /// <summary>
    /// Floating-point operations of one optimiser step: two for each multiply-accumulate, forward once and backward
    /// twice (three times where the forward pass is repeated), over all views of all micro-batches.
    /// </summary>
    public required double StepOperations { get; init; }

    /// <summary>Bytes during training.</summary>
    public required MemoryEstimate Memory { get; init; }

    /// <summary>Statistics of a plan's network, templates, crop and batch.</summary>
    public static ModelStatistics Of(Plan plan) => Of(plan.Network, new StepShape
    {
        Crop = plan.Imaging.Crop,
        Volumes = plan.Training.BatchSize * 2,
        MicroBatches = plan.Training.Accumulation,
        Recomputation = plan.Training.Recomputation,
        Canvas = plan.Imaging.Canvas,
        Templates = plan.Modalities.Count,
    });

    /// <summary>Statistics of a network for a given step.</summary>
    /// <param name="network">Backbone, widths and depths.</param>
    /// <param name="step">Sizes and choices.</param>
    public static ModelStatistics Of(NetworkPlan network, StepShape step)
    {
        using var model = ReconstructionModel.Create(network);
        var parts = LayerCosts.Parts(model, network, step.Crop);
        var parameters = model.State.Parameters.Values.Sum(p => p.numel());
        var templates = step.Templates * step.Canvas.Aggregate(1L, (a, b) => a * b);
        var products = parts.Sum(p => p.Products);
        var repeated = step.Recomputation ? parts.Sum(p => p.RepeatedProducts) : 0;
        return new ModelStatistics
        {
            Backbone = network.Backbone,
            Parts = parts,
            Tensors = [.. model.State.All.Select(t => new ModelTensor(t.Key, [.. t.Value.shape], model.State.Parameters.ContainsKey(t.Key)))],
            Parameters = parameters,
            BufferElements = model.State.Statistics.Values.Sum(s => s.numel()) + model.BatchNorms.Count,
            Templates = step.Templates,
            TemplateElements = templates,
            ForwardProducts = products,
            StepOperations = 2.0 * ((3 * products) + repeated) * step.Volumes * step.MicroBatches,
            Memory = MemoryEstimate.Of(network, step, parameters, templates),
        };
    }
}

/// <summary>Sizes and choices of a training step.</summary>
public sealed record StepShape
{
    /// <summary>Sides of a volume along R, A, S, voxels.</summary>
    public IReadOnlyList<int> Crop { get; init; } = [96, 96, 96];

    /// <summary>Volumes in one forward pass: two views for each case.</summary>
    public int Volumes { get; init; } = 2;

    /// <summary>Forward passes before one optimiser step.</summary>
    public int MicroBatches { get; init; } = 1;

    /// <summary>Whether blocks are recomputed in the backward pass.</summary>
    public bool Recomputation { get; init; }

    /// <summary>Voxels of a template along R, A, S.</summary>
    public IReadOnlyList<int> Canvas { get; init; } = [240, 240, 155];

    /// <summary>Templates trained at the same time.</summary>
    public int Templates { get; init; }
}

/// <summary>One part of a network.</summary>
/// <param name="Name">For example <c>encoder.stage1</c>, <c>decoder.decoder5</c> or <c>conv4a</c>.</param>
/// <param name="Parameters">Trained values.</param>
/// <param name="Products">Multiply-accumulate operations of a forward pass over one volume.</param>
/// <param name="RepeatedProducts">Those done again in the backward pass with recomputation.</param>
public sealed record ModelPart(string Name, long Parameters, long Products, long RepeatedProducts);

/// <summary>One tensor of a network.</summary>
/// <param name="Name">Key in the state dictionary.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Trained">False for running statistics.</param>
public sealed record ModelTensor(string Name, IReadOnlyList<long> Shape, bool Trained);
