using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.SiteAgent.Hosting;

/// <summary>Keeps a second agent out of a site's folder. The operating system lets go of it when the process ends, however it ends.</summary>
public sealed class AgentLock : IDisposable
{
    private readonly FileStream _file;
    private readonly string _processId;

    private AgentLock(FileStream file, string processId)
    {
        _file = file;
        _processId = processId;
    }

    /// <exception cref="FederationException">BMF-1009 when an agent already runs here.</exception>
    public static AgentLock Take(SiteFolder folder)
    {
        Directory.CreateDirectory(folder.Root);
        try
        {
            var file = new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(folder.ProcessId, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            return new AgentLock(file, folder.ProcessId);
        }
        catch (IOException e)
        {
            var holder = File.Exists(folder.ProcessId) ? File.ReadAllText(folder.ProcessId).Trim() : "unknown";
            throw ErrorCatalogue.AlreadyRunning.With($"{folder.Root} is used by process {holder}.", e);
        }
    }

    /// <summary>Process id of the agent that holds the folder, or null.</summary>
    public static int? Holder(SiteFolder folder)
    {
        if (!File.Exists(folder.Lock))
        {
            return null;
        }

        try
        {
            using var probe = new FileStream(folder.Lock, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return null;
        }
        catch (IOException)
        {
            return File.Exists(folder.ProcessId) && int.TryParse(File.ReadAllText(folder.ProcessId), NumberStyles.Integer, CultureInfo.InvariantCulture, out var id) ? id : 0;
        }
    }

    public void Dispose()
    {
        File.Delete(_processId);
        _file.Dispose();
    }
}
