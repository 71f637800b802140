using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>
/// The child process. Training and images live here only, so that a native crash or an exhausted memory never takes
/// the agent down. Standard input is the leash: when it ends, the agent is gone and so is this process.
/// </summary>
public static class TrainerMain
{
    /// <summary>Files in the job's folder.</summary>
    public const string Result = "result.json";

    public const string Failure = "failure.json";

    public static int Run(string jobFile)
    {
        var job = CanonicalJson.Read<TrainerJob>(File.ReadAllBytes(jobFile));
        WatchParent();
        MemoryLimit.SetToAvailable();
        using var output = Console.OpenStandardOutput();
        var gate = new Lock();
        void Progress(string phase, long done, long total, double loss, string note)
        {
            if (note.Length > 0)
            {
                Console.Error.WriteLine(note);
            }

            lock (gate)
            {
                output.Write([.. CanonicalJson.Serialize(new TrainerLine(phase, done, total, double.IsFinite(loss) ? loss : 0, note)), (byte)'\n']);
                output.Flush();
            }
        }

        try
        {
            var result = TrainerTasks.Run(job, Progress, CancellationToken.None);
            DurableFile.WriteAllBytes(Path.Combine(job.JobFolder, Result), result);
            if (job.Task == TrainerTask.Train)
            {
                FaultPoints.Trainer(job.Round, "report");
            }

            return 0;
        }
        catch (FederationException e)
        {
            DurableFile.WriteAllBytes(Path.Combine(job.JobFolder, Failure), CanonicalJson.Serialize(new TrainerFailure(e.Code.Id, e.Message)));
            Console.Error.WriteLine(e.ToDisplayText());
            return e.Code.ExitCode;
        }
    }

    private static void WatchParent()
    {
        var watcher = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            var buffer = new byte[16];
            while (input.Read(buffer) > 0)
            {
                // Nothing is ever sent; only the end matters.
            }

            // Everything worth keeping is written durably as it is made, so nothing is lost by ending at once.
            using var self = System.Diagnostics.Process.GetCurrentProcess();
            self.Kill();
        })
        {
            IsBackground = true,
            Name = "parent watch",
        };
        watcher.Start();
    }
}
