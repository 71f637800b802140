namespace BrainMVP.Federated.Architecture.Tests;

/// <summary>The dependency rules over project files.</summary>
public sealed class ProjectRules
{
    private static readonly string[] Torch = ["TorchSharp", "libtorch-cpu-linux-x64", "TorchSharp-cuda-linux", "TorchSharp-cpu"];

    [Theory]
    [InlineData("Contracts")]
    [InlineData("Federation", "Contracts")]
    [InlineData("Privacy", "Contracts", "Federation")]
    [InlineData("Trust", "Contracts")]
    [InlineData("Imaging", "Contracts")]
    [InlineData("Networks", "Contracts")]
    [InlineData("Training", "Contracts", "Imaging", "Networks")]
    public void Libraries_know_only_what_lies_below_them(string library, params string[] allowed) =>
        Assert.Subset(allowed.ToHashSet(), Repository.Closure(Repository.Get(library)).ToHashSet());

    [Fact]
    public void The_aggregator_never_references_images_networks_or_torch()
    {
        var closure = Repository.Closure(Repository.Get("Aggregator"));
        Assert.Empty(closure.Intersect(["Imaging", "Networks", "Training", "SiteAgent"]));
        Assert.Contains("Federation", closure);
        Assert.All(closure.Append("Aggregator"), name => Assert.Empty(Repository.Get(name).Packages.Intersect(Torch)));
    }

    [Fact]
    public void Imaging_never_references_torch() =>
        Assert.All(Repository.Closure(Repository.Get("Imaging")).Append("Imaging"), name => Assert.Empty(Repository.Get(name).Packages.Intersect(Torch)));

    [Fact]
    public void Libraries_reference_only_managed_torch_and_only_two_of_them_do()
    {
        var libraries = Repository.Projects.Values.Where(p => Repository.Relative(p.Path).StartsWith("shared/", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["Networks", "Training"], libraries.Where(p => p.Packages.Contains("TorchSharp")).Select(p => p.Name).Order());
        Assert.All(libraries, p => Assert.DoesNotContain(p.Packages, n => Torch.Contains(n) && n != "TorchSharp"));
    }

    [Fact]
    public void No_library_references_an_executable() => Assert.All(
        Repository.Projects.Values.Where(p => Repository.Relative(p.Path).StartsWith("shared/", StringComparison.Ordinal)),
        p => Assert.Empty(Repository.Closure(p).Intersect(["Aggregator", "SiteAgent", "Simulation"])));

    [Fact]
    public void The_simulation_starts_the_executables_and_never_loads_them()
    {
        var simulation = Repository.Get("Simulation");
        Assert.Empty(Repository.Closure(simulation).Intersect(["Aggregator", "SiteAgent"]));
        Assert.Equal(["Aggregator", "SiteAgent"], simulation.BuildOnly.Select(p => Repository.Projects[p].Name).Order());
    }

    [Fact]
    public void Package_versions_are_in_one_place() => Assert.All(
        Repository.Files("*.csproj").Select(f => (File: f, Text: File.ReadAllText(f))),
        p => Assert.DoesNotMatch("<PackageReference[^>]*(Version|VersionOverride)=", p.Text));

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "BrainMVP.Federated.sln")).Replace('\\', '/');
        Assert.All(Repository.Projects.Values, p => Assert.Contains(Repository.Relative(p.Path), solution, StringComparison.Ordinal));
    }
}
