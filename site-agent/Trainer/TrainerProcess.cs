using System.Diagnostics;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.SiteAgent.Trainer;

/// <summary>How long a trainer may take.</summary>
/// <param name="Stall">Longest time without any progress.</param>
/// <param name="Total">Longest time of one job.</param>
public readonly record struct TrainerLimits(TimeSpan Stall, TimeSpan Total);

/// <summary>
/// Starts trainers as child processes, watches them, and starts them again from their checkpoint when they crash. One
/// that finished a job is kept for a while: the next job finds libtorch loaded and the code compiled.
/// </summary>
/// <param name="time">Clock of the limits.</param>
/// <param name="executable">The agent's executable; the process's own by default.</param>
public sealed class TrainerProcess(TimeProvider time, string? executable = null) : ITrainer
{
    private const int Starts = 3;
    private static readonly TimeSpan PauseBeforeRestart = TimeSpan.FromSeconds(1);
    private readonly IdleTrainer _idle = new(time);

    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(TrainerJob job, TrainerLimits limits, Action<TrainerLine> progress, CancellationToken cancellation)
    {
        var result = Path.Combine(job.JobFolder, TrainerMain.Result);
        var failure = Path.Combine(job.JobFolder, TrainerMain.Failure);
        if (File.Exists(result))
        {
            return await File.ReadAllBytesAsync(result, cancellation);
        }

        Directory.CreateDirectory(job.JobFolder);
        var jobFile = Path.Combine(job.JobFolder, "job.json");
        DurableFile.WriteAllBytes(jobFile, CanonicalJson.Serialize(job));
        File.Delete(failure);
        var began = time.GetTimestamp();
        for (var start = 1; ; start++)
        {
            var left = limits.Total - time.GetElapsedTime(began);
            var code = await StartAsync(job, jobFile, limits with { Total = left }, progress, cancellation);
            if (code == 0 && File.Exists(result))
            {
                return await File.ReadAllBytesAsync(result, cancellation);
            }

            var known = File.Exists(failure) ? CanonicalJson.Read<TrainerFailure>(await File.ReadAllBytesAsync(failure, cancellation)) : null;
            File.Delete(failure);

            // A folder still held by the trainer of a killed agent is let go of within moments.
            if (known is not null && (ErrorCatalogue.Find(known.Code) is not { } error || error != ErrorCatalogue.AlreadyRunning))
            {
                throw (ErrorCatalogue.Find(known.Code) ?? ErrorCatalogue.TrainerCrashed).With(known.Detail);
            }

            if (start == Starts)
            {
                throw ErrorCatalogue.TrainerCrashed.With($"It ended {Starts} times with exit code {code.ToString(CultureInfo.InvariantCulture)}; see {Path.Combine(job.JobFolder, "trainer.log")}.");
            }

            await Task.Delay(PauseBeforeRestart, time, cancellation);
        }
    }

    private ProcessStartInfo Command(TrainerJob job, string jobFile)
    {
        var path = executable ?? Environment.ProcessPath!;
        var threads = job.Plan.Training.Threads.ToString(CultureInfo.InvariantCulture);
        var info = new ProcessStartInfo(path)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // Started as `dotnet site-agent.dll`, the process is the host and needs the assembly's name.
        if (Path.GetFileNameWithoutExtension(path) == "dotnet")
        {
            info.ArgumentList.Add(typeof(TrainerProcess).Assembly.Location);
        }

        info.ArgumentList.Add("trainer");
        info.ArgumentList.Add("--job");
        info.ArgumentList.Add(jobFile);

        // Native code reads these once, at its start: setting them later, or inside the process, has no effect.
        info.Environment["OMP_NUM_THREADS"] = threads;
        info.Environment["MKL_NUM_THREADS"] = threads;
        info.Environment["OMP_WAIT_POLICY"] = "PASSIVE";

        // glibc gives blocks above 128 KiB, that is most tensors, back to the system when they are freed, and every page of
        // the next one is a fault again: keep those up to 200 MiB, where faults weigh more than fragments. One arena, because
        // only the first can grow without a bound.
        info.Environment["MALLOC_MMAP_THRESHOLD_"] = (200L << 20).ToString(CultureInfo.InvariantCulture);
        info.Environment["MALLOC_TRIM_THRESHOLD_"] = (1L << 40).ToString(CultureInfo.InvariantCulture);
        info.Environment["MALLOC_TOP_PAD_"] = (1L << 26).ToString(CultureInfo.InvariantCulture);
        info.Environment["MALLOC_ARENA_MAX"] = "1";
        return info;
    }

    private async Task<int> StartAsync(TrainerJob job, string jobFile, TrainerLimits limits, Action<TrainerLine> progress, CancellationToken cancellation)
    {
        using var watchdog = new CancellationTokenSource(Shorter(limits), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, watchdog.Token);
        var began = time.GetTimestamp();
        var (log, threads) = (Path.Combine(job.JobFolder, "trainer.log"), job.Plan.Training.Threads);
        void Report(TrainerLine line)
        {
            var left = limits.Total - time.GetElapsedTime(began);
            watchdog.CancelAfter(left <= TimeSpan.Zero ? TimeSpan.Zero : Shorter(limits with { Total = left }));
            progress(line);
        }

        var idle = _idle.Take(threads);
        var child = idle ?? TrainerChild.Start(Command(job, jobFile), log, Report);
        try
        {
            idle?.Next(jobFile, log, Report);
            var code = await child.Ended.WaitAsync(stop.Token);
            if (code == 0)
            {
                _idle.Keep(child, threads);
            }
            else
            {
                child.Dispose();
            }

            return code;
        }
        catch (Exception e)
        {
            await child.KillAsync();
            child.Dispose();
            cancellation.ThrowIfCancellationRequested();
            if (e is not OperationCanceledException)
            {
                throw;
            }

            throw ErrorCatalogue.TrainerTimedOut.With($"Limits: {limits.Stall.TotalSeconds:F0} s without progress, {limits.Total.TotalSeconds:F0} s in all.");
        }
    }

    private static TimeSpan Shorter(TrainerLimits limits)
    {
        // A timer takes at most about 49 days.
        var shorter = limits.Stall < limits.Total ? limits.Stall : limits.Total;
        return shorter < TimeSpan.Zero ? TimeSpan.Zero : shorter > TimeSpan.FromDays(40) ? TimeSpan.FromDays(40) : shorter;
    }
}
