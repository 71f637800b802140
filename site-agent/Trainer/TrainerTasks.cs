using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Data;
using BrainMVP.Federated.Training.Evaluation;
using BrainMVP.Federated.Training.Finetuning;
using BrainMVP.Federated.Training.Rounds;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>What the child process does for each kind of job.</summary>
public static class TrainerTasks
{
    /// <summary>Tells phase, units done, units in total, loss, and what people should know.</summary>
    public delegate void ProgressSink(string phase, long done, long total, double loss, string note = "");

    /// <returns>The result document.</returns>
    public static byte[] Run(TrainerJob job, ProgressSink progress, CancellationToken cancellation) => job.Task switch
    {
        TrainerTask.Prepare => CanonicalJson.Serialize(job.Plan.IsSupervised()
            ? LabelledPreparation.Prepare(job.DataPath, job.Plan.ToTask(job.Site), job.DataFolder, job.ReuseFolders, (done, total) => progress("prepare", done, total, 0), cancellation)
            : DataPreparation.Prepare(job.DataPath, job.Plan, job.DataFolder, job.ReuseFolders, (done, total) => progress("prepare", done, total, 0), cancellation)),
        TrainerTask.Train => CanonicalJson.Serialize(Train(job, progress, cancellation)),
        TrainerTask.Finetune => CanonicalJson.Serialize(Finetune(job, progress, cancellation)),
        TrainerTask.Predict => CanonicalJson.Serialize(CasePredictor.Run(job.Prediction!, p => progress(p.Phase, p.Done, p.Total, p.Loss, p.Note), cancellation)),
        TrainerTask.Compare => CanonicalJson.Serialize(Compare(job, progress, cancellation)),
        _ => CanonicalJson.Serialize(Evaluate(job, progress, cancellation)),
    };

    private static RoundOutcome Train(TrainerJob job, ProgressSink progress, CancellationToken cancellation)
    {
        FaultPoints.Trainer(job.Round, "open");
        var round = new RoundJob
        {
            Plan = job.Plan,
            Site = job.Site,
            Round = job.Round,
            ModelPath = job.ModelPath,
            TemplatePaths = job.TemplatePaths,
            DataFolder = job.DataFolder,
            ControlPath = job.ControlPath,
            SnapshotFolder = job.SnapshotFolder,
            Devices = [job.Device],
            JobFolder = job.JobFolder,
        };
        void Report(TrainingProgress p)
        {
            progress(p.Phase, p.Done, p.Total, p.Loss, p.Note);
            if (p.Phase == "train" && p.Done * 2 >= p.Total)
            {
                FaultPoints.Trainer(job.Round, "train");
            }
        }

        if (!job.Plan.IsSupervised())
        {
            return RoundTrainer.Run(round, Report, cancellation);
        }

        using var data = LabelledDataset.Load(job.Plan.ToTask(job.Site), job.DataFolder);
        return SupervisedRound.Run(round, data.Cases, Report, cancellation);
    }

    private static FinetuneResult Finetune(TrainerJob job, ProgressSink progress, CancellationToken cancellation)
    {
        var task = job.Downstream!;
        progress("prepare", 0, 0, 0);
        using var data = LabelledDataset.Prepare(task, job.DataPath, job.DataFolder, (done, total) => progress("prepare", done, total, 0), cancellation);
        data.RequireEveryOutput(task);
        var outcome = FinetuneTrainer.Run(
            new FinetuneJob { Task = task, EncoderPath = job.ModelPath.Length > 0 ? job.ModelPath : null, TemplatePaths = job.TemplatePaths, Device = job.Device, JobFolder = job.JobFolder },
            data.Cases,
            p => progress(p.Phase, p.Done, p.Total, p.Loss, p.Note),
            cancellation);
        return new FinetuneResult(outcome, data.Cases.Count, data.Unused);
    }

    private static ComparisonResult Compare(TrainerJob job, ProgressSink progress, CancellationToken cancellation)
    {
        using var data = LabelledDataset.Load(job.Plan.ToTask(job.Site), job.DataFolder);
        return new ComparisonResult(SupervisedRound.Compare(EvaluationOf(job), job.OwnModelPaths, data.Cases, p => progress("evaluate", p.Done, p.Total, p.Loss, p.Note), cancellation));
    }

    private static EvaluationJob EvaluationOf(TrainerJob job) => new()
    {
        Plan = job.Plan,
        Site = job.Site,
        ModelPath = job.ModelPath,
        TemplatePaths = job.TemplatePaths,
        DataFolder = job.DataFolder,
        SnapshotFolder = job.SnapshotFolder,
        OwnModelPath = job.OwnModelPath,
        Device = job.Device,
    };

    private static EvaluationResult Evaluate(TrainerJob job, ProgressSink progress, CancellationToken cancellation)
    {
        var evaluation = EvaluationOf(job);
        if (job.Plan.IsSupervised())
        {
            using var data = LabelledDataset.Load(job.Plan.ToTask(job.Site), job.DataFolder);
            return new EvaluationResult
            {
                Validation = new Dictionary<string, ValidationSum>(),
                Scores = SupervisedRound.Evaluate(evaluation, data.Cases, p => progress("evaluate", p.Done, p.Total, p.Loss), cancellation),
            };
        }

        var validation = ModelEvaluator.Run(evaluation, p => progress("evaluate", p.Done, p.Total, p.Loss), cancellation);
        if (job.PicturePath.Length > 0)
        {
            DurableFile.WriteAllBytes(job.PicturePath, ReconstructionPictures.Render(job.Plan, job.Site, job.ModelPath, job.TemplatePaths, job.DataFolder));
        }

        return new EvaluationResult { Validation = validation };
    }
}
