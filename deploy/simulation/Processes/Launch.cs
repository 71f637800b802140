namespace BrainMVP.Federated.Simulation.Processes;

/// <summary>How a process is started, so that the same can be started again.</summary>
/// <param name="Name">Shown to people.</param>
/// <param name="File">Executable.</param>
/// <param name="Arguments">Arguments without the option that ties the process to the pipe.</param>
/// <param name="LogPath">Receives standard output and error.</param>
/// <param name="Environment">Variables besides the simulation's own.</param>
public sealed record Launch(string Name, string File, IReadOnlyList<string> Arguments, string LogPath, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Command line that starts the same process by hand.</summary>
    public string Command => string.Join(' ', Arguments.Prepend(File).Select(Quote));

    private static string Quote(string argument) => argument.Contains(' ', StringComparison.Ordinal) ? $"'{argument}'" : argument;
}
