using System.Xml.Linq;

namespace BrainMVP.Federated.Architecture.Tests;

/// <summary>One project file.</summary>
/// <param name="Name">Last part of its name: Contracts, Aggregator, ...</param>
/// <param name="Path">The project file.</param>
/// <param name="References">Project files that are loaded with this one.</param>
/// <param name="BuildOnly">Project files that are built before and not loaded.</param>
/// <param name="Packages">Direct package references, also those of imported files of this repository.</param>
internal sealed record Project(string Name, string Path, IReadOnlyList<string> References, IReadOnlyList<string> BuildOnly, IReadOnlyList<string> Packages)
{
    public string Folder => System.IO.Path.GetDirectoryName(Path)!;
}

/// <summary>The repository as files: projects and sources.</summary>
internal static class Repository
{
    private static readonly string[] NotOurs = ["/bin/", "/obj/", "/.git/"];

    /// <summary>Folder that holds the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>Every project by its file.</summary>
    public static IReadOnlyDictionary<string, Project> Projects { get; } = Files("*.csproj").Select(Read).ToDictionary(p => p.Path);

    /// <summary>C# sources of everything but the tests.</summary>
    public static IReadOnlyList<string> Sources { get; } = [.. Files("*.cs").Where(f => !Relative(f).StartsWith("tests/", StringComparison.Ordinal))];

    public static Project Get(string name) => Projects.Values.Single(p => p.Name == name && !Relative(p.Path).StartsWith("tests/", StringComparison.Ordinal));

    /// <summary>Names of all projects that are loaded with this one, itself not among them.</summary>
    public static IReadOnlySet<string> Closure(Project project)
    {
        var seen = new HashSet<string>();
        var open = new Stack<string>(project.References);
        while (open.TryPop(out var path))
        {
            if (seen.Add(path))
            {
                foreach (var next in Projects[path].References)
                {
                    open.Push(next);
                }
            }
        }

        return seen.Select(p => Projects[p].Name).ToHashSet();
    }

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    public static IEnumerable<string> Files(string pattern) => Directory.EnumerateFiles(Root, pattern, SearchOption.AllDirectories)
        .Where(f => !NotOurs.Any(part => ("/" + Relative(f)).Contains(part, StringComparison.Ordinal)))
        .Order(StringComparer.Ordinal);

    private static Project Read(string path)
    {
        var document = XDocument.Load(path);
        var references = document.Descendants("ProjectReference").ToLookup(
            r => string.Equals((string?)r.Attribute("ReferenceOutputAssembly") ?? (string?)r.Element("ReferenceOutputAssembly"), "false", StringComparison.OrdinalIgnoreCase),
            r => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, ((string)r.Attribute("Include")!).Replace('\\', '/'))));
        return new Project(
            Path.GetFileNameWithoutExtension(path).Replace("BrainMVP.Federated.", "", StringComparison.Ordinal),
            path,
            [.. references[false]],
            [.. references[true]],
            [.. Packages(path)]);
    }

    private static IEnumerable<string> Packages(string path)
    {
        var document = XDocument.Load(path);
        var own = document.Descendants("PackageReference").Select(r => (string?)r.Attribute("Include")).OfType<string>();
        var imported = document.Descendants("Import")
            .Select(i => (string)i.Attribute("Project")!)
            .Where(i => !i.Contains('$', StringComparison.Ordinal))
            .SelectMany(i => Packages(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, i))));
        return own.Concat(imported);
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "BrainMVP.Federated.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests do not run inside the repository.");
    }
}
