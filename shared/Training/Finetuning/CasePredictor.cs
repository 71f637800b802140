using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.External;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Hosting;
using BrainMVP.Federated.Training.Rounds;
using TorchSharp;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// Labels the cases of a data set with a fine-tuned model and writes label maps on the grid of their own files. What an
/// interrupted job labelled is taken as it is.
/// </summary>
public static class CasePredictor
{
    /// <param name="job">Model, data and choices.</param>
    /// <param name="progress">Called on this thread.</param>
    /// <param name="ct">Stops between two windows.</param>
    /// <exception cref="FederationException">BMF-1012, 1101, 1109, 1110, 1123, 1401, 1403, 1405, 1406, 1504, 1506.</exception>
    public static PredictionDocument Run(PredictionJob job, Action<TrainingProgress> progress, CancellationToken ct)
    {
        var task = job.Task ?? DownstreamFile.ReadTask(job.ModelPath);
        task = task with { Inference = job.Inference ?? task.Inference };
        TorchRuntime.Start(job.Threads);
        var device = TorchDevices.Parse(job.Device)[0];
        if (device.type == DeviceType.CUDA)
        {
            TorchRuntime.UseFastCuda();
        }

        using var network = new DownstreamNetwork(task);
        DownstreamFile.Load(network, job.ModelPath);
        network.MoveTo(device);
        var predictor = new VolumePredictor(task, network, TemplateVolumes.Load(task, job.TemplatePaths));
        var scan = DatasetScanner.Scan(job.DataPath);
        var wanted = Wanted(job, scan);
        Directory.CreateDirectory(job.Out);
        var (rules, records) = (RulesOf(job, task), new PredictionRecords(job.Out));
        var (done, unused) = (new List<PredictedCase>(), scan.Skipped.Select(s => new UnusedCase(s.Subject, s.Error.Id, s.Detail)).ToList());
        foreach (var (index, scanned) in wanted.Index())
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                var seen = Seen(job, scanned);
                var key = CanonicalJson.Hash(new { Rules = rules, Case = CaseKey.Of(seen, task.Imaging) });
                if (records.Find(scanned.Name, key) is { } known)
                {
                    done.Add(known);
                }
                else
                {
                    var (predicted, files) = Predict(job, task, predictor, seen, ct);
                    records.Keep(key, predicted, files);
                    done.Add(predicted);
                }
            }
            catch (FederationException e) when (e.Code.Number is >= 1100 and < 1200)
            {
                unused.Add(new UnusedCase(scanned.Name, e.Code.Id, e.Message));
            }

            progress(new TrainingProgress("predict", index + 1, wanted.Length, 0));
        }

        records.Sweep();
        var document = new PredictionDocument { Task = task, Model = FileHash.Of(job.ModelPath), Hidden = job.Hidden, Cases = done, Unused = unused };
        DurableFile.WriteAllText(Path.Combine(job.Out, PredictionDocument.FileName), CanonicalJson.ToReadable(document));
        return document;
    }

    private static ScannedCase[] Wanted(PredictionJob job, ScanResult scan)
    {
        if (job.Only.FirstOrDefault(n => !scan.Cases.Any(c => c.Name == n || c.Subject == n)) is { } unknown)
        {
            throw ErrorCatalogue.NoLabelledCase.With($"\"{unknown}\" is no usable case of {job.DataPath}.");
        }

        return [.. scan.Cases.Where(c => job.Only.Count == 0 || job.Only.Contains(c.Name, StringComparer.Ordinal) || job.Only.Contains(c.Subject, StringComparer.Ordinal)).OrderBy(c => c.Name, StringComparer.Ordinal)];
    }

    /// <summary>SHA-256 of what all predictions of a job depend on beside their cases.</summary>
    private static string RulesOf(PredictionJob job, FinetuneTask task) => CanonicalJson.Hash(new
    {
        Task = task,
        Model = FileHash.Of(job.ModelPath),
        Templates = job.TemplatePaths.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => new { Modality = t.Key, Hash = FileHash.Of(t.Value) }).ToArray(),
        job.Hidden,
        job.Probabilities,
        job.Device,
        job.Threads,
    });

    /// <summary>A case without what is hidden, as if it had never been taken: it may not even decide on grid and field of view.</summary>
    private static ScannedCase Seen(PredictionJob job, ScannedCase scanned) =>
        scanned with { Series = scanned.Series.Where(s => !job.Hidden.Contains(s.Key, StringComparer.Ordinal)).ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal) };

    private static (PredictedCase Case, IReadOnlyList<string> Files) Predict(PredictionJob job, FinetuneTask task, VolumePredictor predictor, ScannedCase scanned, CancellationToken ct)
    {
        string[] missing = [.. task.Modalities.Where(m => !scanned.Series.ContainsKey(m))];
        if (missing.Length == task.Modalities.Count)
        {
            throw ErrorCatalogue.NoLabelledCase.With($"It has none of {string.Join(", ", task.Modalities)}.");
        }

        var prepared = CasePreparer.Prepare(scanned, task.Imaging, ct);
        var item = InMemory(scanned, prepared, task);
        var began = TimeProvider.System.GetTimestamp();
        if (task.Kind == TaskKinds.Classification)
        {
            var scores = predictor.Classify(item);
            var best = Array.IndexOf(scores, scores.Max());
            return (new PredictedCase(scanned.Name, missing, "", task.Classes[best], task.Classes.Zip(scores).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal), Seconds(began)), []);
        }

        var probabilities = predictor.Segment(item, ct);
        var seconds = Seconds(began);
        var files = Write(job, task, scanned, prepared, probabilities);
        return (new PredictedCase(scanned.Name, missing, files[0], "", new Dictionary<string, double>(), seconds), files);
    }

    private static double Seconds(long began) => TimeProvider.System.GetElapsedTime(began).TotalSeconds;

    /// <summary>Label map, and probabilities where they are wanted, on the grid of the reference series' file.</summary>
    /// <returns>Names of the files, the label map's first.</returns>
    private static List<string> Write(PredictionJob job, FinetuneTask task, ScannedCase scanned, PreparedCase prepared, float[] probabilities)
    {
        var (regions, name, grid) = (LabelRegion.Of(task), SafeName.Of(scanned.Name), prepared.Reference!);
        var voxels = (int)prepared.Shape.Count;
        var native = new float[regions.Count][];
        var files = new List<string> { $"{name}_seg.nii.gz" };
        for (var region = 0; region < regions.Count; region++)
        {
            var volume = new Volume(prepared.Shape, prepared.Affine, probabilities.AsSpan(region * voxels, voxels).ToArray());
            native[region] = Resampling.To(volume, grid).Voxels;
            if (job.Probabilities)
            {
                files.Add($"{name}_probability-{regions[region].Name}.nii.gz");
                NiftiWriter.Write(Path.Combine(job.Out, files[^1]), new Volume(grid.Shape, grid.Affine, native[region]));
            }
        }

        NiftiWriter.Write(Path.Combine(job.Out, files[0]), new Volume(grid.Shape, grid.Affine, LabelDecoder.Decode(regions, native)), NiftiStorage.UInt8);
        return files;
    }

    private static TrainingCase InMemory(ScannedCase scanned, PreparedCase prepared, FinetuneTask task)
    {
        int[] shape = [prepared.Shape.I, prepared.Shape.J, prepared.Shape.K];
        var offset = prepared.CanvasOffset(task.Imaging.Canvas);
        var volumes = prepared.Modalities.Zip(prepared.Channels).ToDictionary(c => c.First, c => (ICaseVolume)new MemoryVolume(shape, c.Second), StringComparer.Ordinal);
        return new TrainingCase
        {
            Subject = scanned.Subject,
            Session = scanned.Session,
            Modalities = prepared.Modalities,
            Shape = shape,
            CanvasOffset = [offset.I, offset.J, offset.K],
            Volume = modality => volumes[modality],
        };
    }
}
