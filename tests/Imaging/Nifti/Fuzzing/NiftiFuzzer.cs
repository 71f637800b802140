using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Nifti;

namespace BrainMVP.Federated.Imaging.Tests.Nifti.Fuzzing;

/// <summary>What reading many mutated files came to.</summary>
/// <param name="Count">Files read.</param>
/// <param name="Outcomes">How often each: "read" or an error number.</param>
/// <param name="Slowest">Greatest time of a file in ms, and its number.</param>
/// <param name="Largest">Most memory taken for a file in bytes, its cap and its number.</param>
/// <param name="Fullest">Greatest part of its cap that a file took, and its number.</param>
/// <param name="Failures">What must not happen, at most <see cref="NiftiFuzzer.MostFailures"/>.</param>
internal sealed record FuzzReport(
    long Count,
    IReadOnlyDictionary<string, long> Outcomes,
    (double Milliseconds, long Number) Slowest,
    (long Bytes, long Cap, long Number) Largest,
    (double Part, long Number) Fullest,
    IReadOnlyList<string> Failures);

/// <summary>
/// Reads mutated files through the reader's own path and watches that every one ends as a volume or a numbered error of
/// its own, in time and within its cap of memory.
/// </summary>
internal sealed class NiftiFuzzer(ulong seed)
{
    public const int MostFailures = 10;

    /// <summary>A file that takes longer has hung, however busy the machine is.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly SortedDictionary<string, long> _outcomes = new(StringComparer.Ordinal);
    private readonly List<string> _failures = [];
    private (double Milliseconds, long Number) _slowest;
    private (long Bytes, long Cap, long Number) _largest;
    private (double Part, long Number) _fullest;
    private long _done;

    /// <summary>Reads files <paramref name="first"/> and following; gives up when one hangs.</summary>
    /// <param name="progress">Receives the number of files read about every second.</param>
    public FuzzReport Run(long first, long count, Action<long>? progress = null)
    {
        // A hanging read cannot be stopped, only watched from another thread.
        var worker = new Thread(() => Work(first, count)) { IsBackground = true };
        worker.Start();
        var (seen, waited) = (0L, 0);
        while (!worker.Join(1000))
        {
            var done = Interlocked.Read(ref _done);
            waited = done == seen ? waited + 1 : 0;
            seen = done;
            if (waited >= Deadline.TotalSeconds)
            {
                return new FuzzReport(done, new Dictionary<string, long>(), default, default, default, [$"File {first + done} of seed {seed} hangs."]);
            }

            progress?.Invoke(done);
        }

        return new FuzzReport(count, _outcomes, _slowest, _largest, _fullest, _failures);
    }

    private void Work(long first, long count)
    {
        for (var number = first; number < first + count && _failures.Count < MostFailures; number++)
        {
            One(number);
            Interlocked.Increment(ref _done);
        }
    }

    private void One(long number)
    {
        var file = FuzzMutator.Create(seed, number);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var began = TimeProvider.System.GetTimestamp();
        var outcome = Read(file, number);
        var took = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
        _slowest = took > _slowest.Milliseconds ? (took, number) : _slowest;
        _largest = allocated > _largest.Bytes ? (allocated, file.Cap, number) : _largest;
        var part = (double)allocated / file.Cap;
        _fullest = part > _fullest.Part ? (part, number) : _fullest;
        if (allocated > file.Cap)
        {
            _failures.Add($"File {number} of seed {seed} took {allocated} bytes; its cap is {file.Cap}.");
        }
    }

    private string Read(FuzzCase file, long number)
    {
        try
        {
            // Every fourth by its header alone.
            if (number % 4 == 0)
            {
                NiftiReader.ReadInfo(file.Path, file.Open);
                return "header read";
            }

            var volume = NiftiReader.Read(file.Path, file.Volume, file.Open);
            return volume.Voxels.Length == volume.Shape.Count ? "volume read" : throw new InvalidOperationException("Voxels do not fill the shape.");
        }
        catch (FederationException e) when (e.Code.Number is >= 1102 and <= 1105 or 1110)
        {
            return e.Code.Id;
        }
        catch (Exception e)
        {
            _failures.Add($"File {number} of seed {seed}: {e.GetType().Name}: {e.Message}");
            return e.GetType().Name;
        }
    }
}
