using System.Collections.Concurrent;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Faults;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Training.Hosting;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>
/// The child process. Training and images live here only, so that a native crash or an exhausted memory never takes
/// the agent down. Standard input is the leash: when it ends, the agent is gone and so is this process. Each line of it
/// names the file of a further job, which finds everything loaded and compiled; after a job that failed the process
/// ends.
/// </summary>
public static class TrainerMain
{
    /// <summary>Files in the job's folder.</summary>
    public const string Result = "result.json";

    public const string Failure = "failure.json";

    /// <summary>Phase of the line that ends a job; what is done is its exit code.</summary>
    public const string Ended = "ended";

    /// <summary>Longest wait for a further job. The agent ends the process much earlier.</summary>
    private static readonly TimeSpan LongestIdle = TimeSpan.FromMinutes(10);

    public static int Run(string jobFile)
    {
        // The agent sends a job when the one before has ended.
        var further = new BlockingCollection<string>(boundedCapacity: 1);
        WatchParent(further);
        using var output = Console.OpenStandardOutput();
        var gate = new Lock();
        void Write(TrainerLine line)
        {
            lock (gate)
            {
                output.Write([.. CanonicalJson.Serialize(line), (byte)'\n']);
                output.Flush();
            }
        }

        for (string? next = jobFile; next is not null; next = further.TryTake(out var path, LongestIdle) ? path : null)
        {
            var code = RunJob(CanonicalJson.Read<TrainerJob>(File.ReadAllBytes(next)), Write);
            if (code != 0)
            {
                return code;
            }

            MemoryLimit.Release();
            Write(new TrainerLine(Ended, code, 0, 0));
        }

        return 0;
    }

    private static int RunJob(TrainerJob job, Action<TrainerLine> write)
    {
        MemoryLimit.SetToAvailable();
        void Progress(string phase, long done, long total, double loss, string note)
        {
            if (note.Length > 0)
            {
                Console.Error.WriteLine(note);
            }

            write(new TrainerLine(phase, done, total, double.IsFinite(loss) ? loss : 0, note));
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

    private static void WatchParent(BlockingCollection<string> further)
    {
        var watcher = new Thread(() =>
        {
            using var input = new StreamReader(Console.OpenStandardInput());
            while (input.ReadLine() is { } line)
            {
                further.Add(line);
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
