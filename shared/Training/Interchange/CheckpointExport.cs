using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Networks.Templates;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>What was written to a <c>.pt</c> file.</summary>
/// <param name="Tensors">Tensors of the state dictionary.</param>
/// <param name="Elements">Their elements.</param>
/// <param name="Modalities">Modalities whose template has values; the others are zero.</param>
public sealed record ExportSummary(int Tensors, long Elements, IReadOnlyList<string> Modalities);

/// <summary>
/// Writes <c>.pt</c> files under the published keys with the prefix <c>module.</c>, as the published checkpoints have it.
/// </summary>
public static class CheckpointExport
{
    private const string ParallelPrefix = "module.";

    /// <summary>A checkpoint back to PyTorch, each tensor bit for bit.</summary>
    /// <param name="checkpoint">File that <see cref="CheckpointImport"/> wrote.</param>
    /// <param name="target">File to write durably.</param>
    /// <param name="progress">Told bytes done and in total.</param>
    /// <param name="cancellation">Ends the export; nothing is written then.</param>
    public static ExportSummary Write(string checkpoint, string target, Action<long, long> progress, CancellationToken cancellation)
    {
        using var source = Checkpoint.Open(checkpoint);
        var parts = Checkpoint.Parts(source.Layout).ToLookup(p => p.Whole.Key, StringComparer.Ordinal);
        return Write(target, source.Layout.Tensors, progress, (tensor, stream) =>
        {
            foreach (var part in parts[tensor.Key])
            {
                TensorCopy.To(source.File, part.Name, stream, cancellation);
            }
        }) with { Modalities = Modalities.All };
    }

    /// <summary>
    /// A federated result to PyTorch. Tensors that pre-training never reaches get initial values from the plan's seed, so
    /// that the published code loads the file strictly; counters get the plan's optimiser steps.
    /// </summary>
    /// <param name="model">Global model, safetensors.</param>
    /// <param name="templates">Folder with <c>MODALITY.safetensors</c>; null for none. A template that is not there is zero.</param>
    /// <param name="plan">The run's plan.</param>
    /// <param name="target">File to write durably.</param>
    /// <param name="activeOnly">Leave out what pre-training never reaches.</param>
    /// <param name="progress">Told bytes done and in total.</param>
    /// <param name="cancellation">Ends the export; nothing is written then.</param>
    /// <exception cref="FederationException">BMF-1401, BMF-1405 or BMF-1406.</exception>
    public static ExportSummary Write(string model, string? templates, Plan plan, string target, bool activeOnly, Action<long, long> progress, CancellationToken cancellation)
    {
        using var network = new SafetensorsReader(model);
        var layout = PublishedLayout.Create(plan.Network, plan.Imaging.Canvas);
        RequireNetwork(network, layout);
        using var bank = new TemplateFolder(templates, plan.Imaging.Canvas);
        var steps = BitConverter.GetBytes((long)plan.Rounds.Count * plan.Rounds.LocalSteps);
        var tensors = layout.Tensors.Where(t => !(activeOnly && t.Role == TensorRole.Inactive)).ToArray();
        return Write(target, tensors, progress, (tensor, stream) =>
        {
            switch (tensor.Role)
            {
                case TensorRole.Counter:
                    stream.Write(steps);
                    break;
                case TensorRole.Inactive:
                    InactiveTensors.Write(tensor, plan.Seed, stream, cancellation);
                    break;
                case TensorRole.Templates:
                    bank.Write(stream, cancellation);
                    break;
                default:
                    TensorCopy.To(network, tensor.Name, stream, cancellation);
                    break;
            }
        }) with { Modalities = bank.Found };
    }

    private static ExportSummary Write(string target, IReadOnlyList<PublishedTensor> tensors, Action<long, long> progress, Action<PublishedTensor, Stream> write)
    {
        var (done, total) = (0L, tensors.Sum(t => t.Count * TensorInfo.SizeOf(t.DataType)));
        PyTorchFileWriter.WriteFile(target, [.. tensors.Select(tensor => new TensorSource(ParallelPrefix + tensor.Key, tensor.DataType, tensor.Shape, stream =>
        {
            write(tensor, stream);
            done += tensor.Count * TensorInfo.SizeOf(tensor.DataType);
            progress(done, total);
        }))]);
        return new ExportSummary(tensors.Count, tensors.Sum(t => t.Count), []);
    }

    private static void RequireNetwork(SafetensorsReader file, PublishedLayout layout)
    {
        var expected = layout.Tensors.Where(t => t.Role is TensorRole.Trained or TensorRole.Statistics).ToArray();
        foreach (var tensor in expected)
        {
            TensorCopy.Require(file, tensor.Name, tensor.Shape);
        }

        if (file.Tensors.Count != expected.Length)
        {
            throw ErrorCatalogue.LayoutMismatch.With($"{file.Path} has {file.Tensors.Count} tensors; the plan's {layout.Network.Backbone} has {expected.Length}.");
        }
    }

    /// <summary>The templates of a folder, one after another in the published order.</summary>
    private sealed class TemplateFolder : IDisposable
    {
        private readonly Dictionary<string, SafetensorsReader> _files = new(StringComparer.Ordinal);
        private readonly long _bytes;

        public TemplateFolder(string? folder, IReadOnlyList<int> canvas)
        {
            long[] shape = [.. canvas.Select(s => (long)s)];
            _bytes = shape.Aggregate((long)sizeof(float), (a, b) => a * b);
            try
            {
                foreach (var modality in Modalities.All)
                {
                    if (folder is not null && Path.Combine(folder, modality + ".safetensors") is var path && File.Exists(path))
                    {
                        _files.Add(modality, new SafetensorsReader(path));
                        TensorCopy.Require(_files[modality], TemplateBank.NameOf(modality), shape);
                    }
                }
            }
            catch
            {
                Dispose();
                throw;
            }

            if (folder is not null && _files.Count == 0)
            {
                throw ErrorCatalogue.ArgumentInvalid.With($"{folder} holds no template; they are named MODALITY.safetensors.");
            }
        }

        public IReadOnlyList<string> Found => [.. Modalities.All.Where(_files.ContainsKey)];

        public void Write(Stream destination, CancellationToken cancellation)
        {
            foreach (var modality in Modalities.All)
            {
                if (_files.TryGetValue(modality, out var file))
                {
                    TensorCopy.To(file, TemplateBank.NameOf(modality), destination, cancellation);
                }
                else
                {
                    TensorCopy.Zeros(_bytes, destination);
                }
            }
        }

        public void Dispose()
        {
            foreach (var file in _files.Values)
            {
                file.Dispose();
            }
        }
    }
}
