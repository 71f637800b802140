using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>
/// Programs whose starter was killed. On Linux a program ends with its starter where <c>setpriv</c> (util-linux) is
/// installed; what that misses, for example the program's own children, carries a mark in its environment by which the
/// next start finds and ends it. Elsewhere such programs run to their end in a folder that nobody reads any more.
/// </summary>
internal static class OrphanedPrograms
{
    /// <summary>Environment variable with the mark of the work that a program belongs to.</summary>
    public const string Variable = "BRAINMVP_PREPARATION";

    private static readonly string? SetPrivileges = OperatingSystem.IsLinux() ? ExternalProgram.Locate("setpriv") : null;

    /// <summary>Makes the system kill the program when the thread that starts it ends.</summary>
    public static void EndWithParent(ProcessStartInfo info)
    {
        if (SetPrivileges is null)
        {
            return;
        }

        string[] before = ["--pdeathsig", "KILL", "--", info.FileName];
        info.FileName = SetPrivileges;
        for (var n = 0; n < before.Length; n++)
        {
            info.ArgumentList.Insert(n, before[n]);
        }
    }

    /// <summary>Kills every process that carries a mark; call it only while holding the lock of the folder that the mark names.</summary>
    /// <returns>Number of processes that were killed.</returns>
    public static int Kill(string mark)
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        var wanted = Encoding.UTF8.GetBytes($"{Variable}={mark}\0");
        var killed = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == Environment.ProcessId)
            {
                continue;
            }

            try
            {
                if (File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan().IndexOf(wanted) >= 0)
                {
                    using var process = Process.GetProcessById(id);
                    process.Kill();
                    killed++;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
            {
                // It has ended, or it is somebody else's.
            }
        }

        return killed;
    }
}
