using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Training.Optimization;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.Training.Checkpoints;

/// <summary>
/// AdamW's moments by parameter name in <c>optimizer.safetensors</c>; update counts in the metadata. It stays at the
/// site: moments are never sent.
/// </summary>
public static class OptimizerSnapshot
{
    private const string FirstPrefix = "moment1.";
    private const string SecondPrefix = "moment2.";
    private const string StepsPrefix = "steps.";
    private const string ControlSteps = "controlSteps";
    private const string LossScale = "lossScale";
    private const string LossScaleSteps = "lossScaleSteps";

    public static string PathIn(string folder) => Path.Combine(folder, "optimizer.safetensors");

    internal static void Save(string folder, AdamW optimizer, LossScaler? scaler) => SafetensorsWriter.WriteFile(PathIn(folder), Sources(optimizer), Metadata(optimizer, scaler));

    internal static void Save(string folder, RoundOptimizer optimizer) => SafetensorsWriter.WriteFile(PathIn(folder), Sources(optimizer.AdamW), Metadata(optimizer));

    /// <summary>Restores moments and the loss scale. A parameter that the snapshot does not know starts afresh: a site may gain a modality.</summary>
    /// <exception cref="FederationException">BMF-1505 when the snapshot is missing, damaged or of another network.</exception>
    internal static void Load(string folder, AdamW optimizer, LossScaler? scaler)
    {
        try
        {
            using var file = new SafetensorsReader(PathIn(folder));
            Read(file, optimizer, scaler, required: false);
        }
        catch (FederationException e) when (e.Code != ErrorCatalogue.CheckpointInvalid)
        {
            throw ErrorCatalogue.CheckpointInvalid.With(e.Message, e);
        }
    }

    internal static IEnumerable<TensorSource> Sources(AdamW optimizer) => optimizer.State.SelectMany(s =>
        new[] { TensorFile.Source(FirstPrefix + s.Name, s.First), TensorFile.Source(SecondPrefix + s.Name, s.Second) });

    internal static SortedDictionary<string, string> Metadata(RoundOptimizer optimizer)
    {
        var metadata = Metadata(optimizer.AdamW, optimizer.Scaler);
        if (optimizer.Controls is { } controls)
        {
            metadata[ControlSteps] = controls.Steps.ToString(CultureInfo.InvariantCulture);
        }

        return metadata;
    }

    internal static SortedDictionary<string, string> Metadata(AdamW optimizer, LossScaler? scaler)
    {
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, _, _, steps) in optimizer.State)
        {
            metadata[StepsPrefix + name] = steps.ToString(CultureInfo.InvariantCulture);
        }

        if (scaler is not null)
        {
            metadata[LossScale] = scaler.Scale.ToString("R", CultureInfo.InvariantCulture);
            metadata[LossScaleSteps] = scaler.GoodSteps.ToString(CultureInfo.InvariantCulture);
        }

        return metadata;
    }

    internal static void Read(SafetensorsReader file, RoundOptimizer optimizer, bool required)
    {
        if (required && optimizer.Controls is { } controls)
        {
            // A checkpoint goes on adding up; a snapshot begins a new round.
            controls.Steps = int.TryParse(file.Metadata.GetValueOrDefault(ControlSteps), NumberStyles.None, CultureInfo.InvariantCulture, out var added)
                ? added
                : throw ErrorCatalogue.CheckpointInvalid.With($"{file.Path} does not say how many gradients its control variates hold.");
        }

        Read(file, optimizer.AdamW, optimizer.Scaler, required);
    }

    internal static void Read(SafetensorsReader file, AdamW optimizer, LossScaler? scaler, bool required)
    {
        ReadLossScale(file, scaler, required);
        foreach (var (name, first, second, _) in optimizer.State.ToArray())
        {
            if (!file.Metadata.TryGetValue(StepsPrefix + name, out var steps))
            {
                if (required)
                {
                    throw ErrorCatalogue.CheckpointInvalid.With($"{file.Path} has no moments of {name}.");
                }

                continue;
            }

            TensorFile.Read(file, FirstPrefix + name, first);
            TensorFile.Read(file, SecondPrefix + name, second);
            optimizer.SetSteps(name, long.TryParse(steps, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? count
                : throw ErrorCatalogue.CheckpointInvalid.With($"{file.Path}: the update count of {name} is \"{steps}\"."));
        }
    }

    private static void ReadLossScale(SafetensorsReader file, LossScaler? scaler, bool required)
    {
        var known = file.Metadata.TryGetValue(LossScale, out var scale);
        if (scaler is null || (!known && !required))
        {
            return;
        }

        var steps = file.Metadata.GetValueOrDefault(LossScaleSteps, "");
        try
        {
            scaler.Restore(double.Parse(scale ?? "", CultureInfo.InvariantCulture), int.Parse(steps, CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentOutOfRangeException)
        {
            throw ErrorCatalogue.CheckpointInvalid.With($"{file.Path}: the loss scale is \"{scale}\" after \"{steps}\" steps.", e);
        }
    }
}
