using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>
/// Keeps a second trainer out of a job's folder. The system drops the lock when the process ends, however it ends.
/// </summary>
internal sealed class JobLock : IDisposable
{
    private readonly FileStream _file;

    /// <exception cref="FederationException">BMF-1009 naming the holder.</exception>
    public JobLock(string jobFolder)
    {
        Directory.CreateDirectory(jobFolder);
        var (lockPath, holderPath) = (Path.Combine(jobFolder, "trainer.lock"), Path.Combine(jobFolder, "trainer.pid"));
        try
        {
            _file = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            var holder = File.Exists(holderPath) ? File.ReadAllText(holderPath) : "unknown";
            throw ErrorCatalogue.AlreadyRunning.With($"{jobFolder} is held by process {holder}.", e);
        }

        File.WriteAllText(holderPath, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
    }

    public void Dispose() => _file.Dispose();
}
