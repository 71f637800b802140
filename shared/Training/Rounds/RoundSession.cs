using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Networks.Models;
using BrainMVP.Federated.Networks.Templates;
using BrainMVP.Federated.Training.Checkpoints;
using BrainMVP.Federated.Training.Data;
using BrainMVP.Federated.Training.Devices;
using BrainMVP.Federated.Training.Models;
using BrainMVP.Federated.Training.Optimization;
using static TorchSharp.torch;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>What a round holds in memory: the replicas at the global model and the optimiser with the site's state.</summary>
internal sealed class RoundSession : IDisposable
{
    private readonly IReadOnlyCollection<string> _fillers;

    /// <exception cref="FederationException">BMF-1401, 1405, 1406 or 1505.</exception>
    public RoundSession(RoundJob job, SiteData data, IReadOnlyList<Device> devices)
    {
        Job = job;
        _fillers = job.Plan.Training.FillFromGlobalTemplates ? [.. job.TemplatePaths.Keys.Except(data.Owned, StringComparer.Ordinal).Order(StringComparer.Ordinal)] : [];
        var replicas = new List<Replica>();
        try
        {
            foreach (var device in devices)
            {
                replicas.Add(CreateReplica(job, data, device));
            }
        }
        catch
        {
            replicas.ForEach(r => r.Dispose());
            throw;
        }

        Group = new ReplicaGroup(replicas);
        Optimizer = new RoundOptimizer(job.Plan, Group.Master, CreateControls());
        if (KeepsMoments)
        {
            OptimizerSnapshot.Load(job.SnapshotFolder!, Optimizer.AdamW, Optimizer.Scaler);
        }

        Start = StartHash(data);
    }

    public RoundJob Job { get; }

    /// <summary>The site's control variates before the round; null for zeros, or without SCAFFOLD.</summary>
    public string? OwnControlPath => Job is { Plan.Training.ControlVariates: true, SnapshotFolder: { } folder } && File.Exists(ControlSnapshot.PathIn(folder))
        ? ControlSnapshot.PathIn(folder)
        : null;

    public ReplicaGroup Group { get; }

    public RoundOptimizer Optimizer { get; }

    /// <summary>Hash of everything the round starts from.</summary>
    public string Start { get; }

    /// <summary>Modalities that may fill view 2 in cases that lack them: their global template has moved.</summary>
    public IReadOnlyCollection<string> GlobalTemplates => [.. Job.TemplatePaths.Keys];

    public void Dispose()
    {
        Optimizer.Dispose();
        Group.Dispose();
    }

    private ControlVariates? CreateControls() => Job.Plan.Training.ControlVariates
        ? new ControlVariates(Group.Master.Model.State.Parameters, Job.ControlPath, OwnControlPath)
        : null;

    private bool KeepsMoments => Job.SnapshotFolder is not null && Job.Plan.Training.OptimizerState == "keep";

    private bool KeepsBatchNorm => Job.SnapshotFolder is not null && Job.Plan.Training.BatchNorm == "local";

    private Replica CreateReplica(RoundJob job, SiteData data, Device device)
    {
        var model = ReconstructionModel.Create(job.Plan.Network, job.Plan.Training.Recomputation);
        TemplateBank? templates = null;
        try
        {
            ModelFile.Load(model, job.ModelPath);
            if (KeepsBatchNorm)
            {
                BatchNormSnapshot.Load(job.SnapshotFolder!, model);
            }

            templates = ModelFile.LoadTemplates(job.Plan, data.Owned, job.TemplatePaths);
            return new Replica(job.Plan.Training, device, model, templates, FillerBank(job, data));
        }
        catch
        {
            templates?.Dispose();
            model.Dispose();
            throw;
        }
    }

    /// <summary>Global templates that this round may use as constants: also of owned modalities, for cases that lack them.</summary>
    private TemplateBank FillerBank(RoundJob job, SiteData data) => ModelFile.LoadTemplates(
        job.Plan,
        job.Plan.Training.FillFromGlobalTemplates ? [.. _fillers, .. data.Owned.Where(job.TemplatePaths.ContainsKey)] : [],
        job.TemplatePaths);

    private string StartHash(SiteData data) => CanonicalJson.Hash(new
    {
        Plan = CanonicalJson.Hash(Job.Plan),
        Job.Site,
        Job.Round,
        Model = FileHash.Of(Job.ModelPath),
        Templates = data.Owned.Concat(_fillers).Where(Job.TemplatePaths.ContainsKey).ToDictionary(m => m, m => FileHash.Of(Job.TemplatePaths[m])),
        Snapshot = KeepsMoments ? FileHash.Of(OptimizerSnapshot.PathIn(Job.SnapshotFolder!)) : "",
        BatchNorm = KeepsBatchNorm ? FileHash.Of(BatchNormSnapshot.PathIn(Job.SnapshotFolder!)) : "",
        Control = Job is { Plan.Training.ControlVariates: true, ControlPath: { } control } ? FileHash.Of(control) : "",
        OwnControl = OwnControlPath is { } own ? FileHash.Of(own) : "",
        Cases = data.Training.Concat(data.HeldOut).Select(c => new[] { c.Name, c.Content }).ToArray(),
    });
}
