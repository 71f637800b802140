using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Networks.Autograd;
using BrainMVP.Federated.Networks.Losses;
using BrainMVP.Federated.Networks.Masking;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Batches;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Devices;

/// <summary>Network and templates on one device. Used by one thread at a time; build it outside dispose scopes.</summary>
internal sealed class Replica : IDisposable
{
    private readonly TrainingPlan _training;
    private readonly SortedDictionary<string, Tensor> _fillers = new(StringComparer.Ordinal);

    /// <param name="plan">Losses and precision.</param>
    /// <param name="device">Where everything lives.</param>
    /// <param name="model">Belongs to the replica from now on; moved to the device.</param>
    /// <param name="templates">Likewise.</param>
    /// <param name="fillers">Global templates that only fill view 2, by modality; belong to the replica.</param>
    public Replica(TrainingPlan plan, Device device, ReconstructionModel model, TemplateBank templates, TemplateBank fillers)
    {
        (_training, Device, Model, Templates) = (plan, device, model, templates);
        model.MoveTo(device);
        templates.MoveTo(device);
        using (no_grad())
        {
            foreach (var modality in fillers.Templates.Keys)
            {
                using var scope = NewDisposeScope();
                _fillers.Add(modality, fillers.Normalized(modality).to(device).DetachFromDisposeScope());
            }
        }

        fillers.Dispose();
    }

    public Device Device { get; }

    public ReconstructionModel Model { get; }

    public TemplateBank Templates { get; }

    /// <summary>All trained tensors by name, templates included.</summary>
    public IEnumerable<KeyValuePair<string, Parameter>> Trained => Model.State.Parameters
        .Concat(Templates.Templates.Select(t => KeyValuePair.Create(TemplateBank.NameOf(t.Key), t.Value)));

    /// <summary><see cref="Trained"/> for those who do not differentiate.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> TrainedTensors => Trained.Select(t => KeyValuePair.Create(t.Key, (Tensor)t.Value));

    /// <summary>Whether a trained tensor is a template.</summary>
    public bool IsTemplate(string name) => !Model.State.Parameters.ContainsKey(name);

    /// <summary>Adds the gradients of some rows of a micro-batch.</summary>
    /// <param name="batch">In host memory.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="contrastive">Whether the contrastive term counts already.</param>
    /// <param name="factor">On the loss before differentiation: the rows' share of the step, times the loss scale.</param>
    /// <returns>Means over the rows, without the factor.</returns>
    public StepLosses Accumulate(HostBatch batch, int first, int count, bool contrastive, double factor)
    {
        try
        {
            return Differentiate(batch, first, count, contrastive, factor);
        }
        catch
        {
            BackwardPass.Abandon();
            throw;
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        Templates.Dispose();
        foreach (var filler in _fillers.Values)
        {
            filler.Dispose();
        }
    }

    private StepLosses Differentiate(HostBatch batch, int first, int count, bool contrastive, double factor)
    {
        using var scope = NewDisposeScope();
        var rows = batch.Rows.GetRange(first, count);
        var target = OnDevice(batch.Targets, first, count);
        var views = cat(Views(batch, rows, first, target), 0);
        Tensor features, volume;
        using (Autocast.Enter(Device.type, _training.Precision))
        {
            (features, volume) = Model.call(views);
        }

        // Losses are sums over many voxels: always in 32 bits.
        var volumes = volume.to(ScalarType.Float32).chunk(2);
        var templateView = PretrainingLosses.Reconstruction(volumes[0], target, _training.ReconstructionNorm);
        var crossModalView = PretrainingLosses.Reconstruction(volumes[1], target, _training.ReconstructionNorm);
        var loss = (templateView * _training.TemplateWeight) + (crossModalView * _training.CrossModalWeight);
        var contrast = 0.0;
        if (contrastive && count > 1)
        {
            var halves = features.to(ScalarType.Float32).chunk(2);
            // Rows of one case are no negatives of each other when it has several; elsewhere that is chance, as published.
            var datasets = _training.ContrastiveNegatives == "otherDatasets" ? rows.ConvertAll(r => Datasets.Of(r.Case))
                : _training.Targets == "all" ? rows.ConvertAll(r => r.Case)
                : null;
            var term = PretrainingLosses.Contrastive(halves[0], halves[1], _training.ContrastiveTemperature, datasets);
            contrast = term.item<float>();
            loss += term * _training.ContrastiveWeight;
        }

        BackwardPass.Run(loss * factor);
        return new StepLosses(loss.item<float>(), templateView.item<float>(), crossModalView.item<float>(), contrast);
    }

    /// <summary>View 1 and view 2, each [count, 1, R, A, S].</summary>
    private Tensor[] Views(HostBatch batch, List<BatchRow> rows, int first, Tensor target)
    {
        var crop = target.shape[2..].Select(s => (int)s).ToArray();
        var normalized = rows.Select(r => r.Modality).Distinct().ToDictionary(m => m, Templates.Normalized, StringComparer.Ordinal);
        var own = rows.ConvertAll(r => TemplateBank.Crop(normalized[r.Modality], r.CanvasStart, crop));
        var view1 = MaskedViews.Fill(target, OnDevice(batch.Mask1, first, rows.Count), stack(own).unsqueeze(1));
        var sources = rows.Exists(r => r.Filler == FillerKind.Volume) ? OnDevice(batch.Sources, first, rows.Count) : null;
        var filler = rows.TrueForAll(r => r.Filler == FillerKind.Volume)
            ? sources!
            : stack(rows.Select((r, i) => r.Filler switch
            {
                FillerKind.Volume => sources![i, 0],
                FillerKind.OtherTemplate => TemplateBank.Crop(_fillers[r.FillerModality], r.CanvasStart, crop),
                _ => own[i],
            }).ToArray()).unsqueeze(1);
        return [view1, MaskedViews.Fill(target, OnDevice(batch.Mask2, first, rows.Count), filler)];
    }

    private Tensor OnDevice(Tensor host, int first, int count) => host.narrow(0, first, count).to(Device, non_blocking: true);
}
