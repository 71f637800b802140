namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>The executables, built in the same configuration as the tests.</summary>
internal static class Programs
{
    /// <summary>REPOSITORY/tests/EndToEnd/bin/CONFIGURATION/FRAMEWORK/</summary>
    private static readonly DirectoryInfo Framework = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    private static readonly string Repository = Framework.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    public static string Aggregator { get; } = Find("aggregator", "linux-x64", "aggregator");

    public static string SiteAgent { get; } = Find("site-agent", "linux-x64", "site-agent");

    public static string Simulation { get; } = Find(Path.Combine("deploy", "simulation"), "", "simulation");

    private static string Find(string project, string runtime, string name)
    {
        var path = Path.Combine(Repository, project, "bin", Framework.Parent!.Name, Framework.Name, runtime, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{name} was not built in configuration {Framework.Parent.Name}.", path);
    }
}
