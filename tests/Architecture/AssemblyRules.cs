using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace BrainMVP.Federated.Architecture.Tests;

/// <summary>The dependency rules over what was built: what is beside an executable, and what each assembly names.</summary>
public sealed class AssemblyRules
{
    private static readonly string[] Forbidden = ["TorchSharp", "BrainMVP.Federated.Imaging", "BrainMVP.Federated.Networks", "BrainMVP.Federated.Training"];

    [Fact]
    public void The_aggregators_folder_holds_no_torch_no_images_and_no_networks()
    {
        var folder = Path.GetDirectoryName(Built("Aggregator", "aggregator.dll"))!;
        var names = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(Path.GetFileName).OfType<string>().ToArray();
        Assert.Contains("BrainMVP.Federated.Federation.dll", names);
        Assert.DoesNotContain(names, n => Forbidden.Any(f => n.StartsWith(f, StringComparison.OrdinalIgnoreCase)) || n.Contains("torch", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void No_assembly_that_the_aggregator_loads_names_torch_images_or_networks()
    {
        var folder = Path.GetDirectoryName(Built("Aggregator", "aggregator.dll"))!;
        foreach (var file in Directory.GetFiles(folder, "*.dll"))
        {
            Assert.Empty(References(file).Intersect(Forbidden));
        }
    }

    [Fact]
    public void Imaging_names_no_torch() =>
        Assert.DoesNotContain(References(Built("Imaging", "BrainMVP.Federated.Imaging.dll")), n => n.Contains("torch", StringComparison.OrdinalIgnoreCase));

    [Theory]
    [InlineData("Contracts")]
    [InlineData("Federation", "Contracts")]
    [InlineData("Privacy", "Contracts", "Federation")]
    [InlineData("Trust", "Contracts")]
    [InlineData("Imaging", "Contracts")]
    [InlineData("Networks", "Contracts")]
    [InlineData("Training", "Contracts", "Imaging", "Networks")]
    public void Libraries_name_only_what_lies_below_them(string library, params string[] allowed) => Assert.Subset(
        allowed.Select(a => $"BrainMVP.Federated.{a}").ToHashSet(),
        References(Built(library, $"BrainMVP.Federated.{library}.dll")).Where(n => n.StartsWith("BrainMVP.", StringComparison.Ordinal)).ToHashSet());

    /// <summary>The newest build of a project, in whatever configuration this test was built in.</summary>
    private static string Built(string project, string assembly)
    {
        var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        var folder = Path.Combine(Repository.Get(project).Folder, "bin", configuration);
        return Directory.EnumerateFiles(folder, assembly, SearchOption.AllDirectories)
            .Where(f => !f.Contains("/publish/", StringComparison.Ordinal) && !f.Contains("/ref/", StringComparison.Ordinal))
            .MaxBy(File.GetLastWriteTimeUtc) ?? throw new FileNotFoundException($"{assembly} is not built in {folder}.");
    }

    private static string[] References(string assembly)
    {
        using var file = File.OpenRead(assembly);
        using var image = new PEReader(file);
        if (!image.HasMetadata)
        {
            return [];
        }

        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))];
    }
}
