using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Rounds;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>A whole agent in this process: everything but the trainer is the real one.</summary>
internal sealed class LightSite : IDisposable
{
    private readonly IHost _host;

    public LightSite(SiteFolder folder, params IReadOnlyList<string> localModels)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFilter(_ => false);
        AgentHost.AddAgent(builder.Services, folder, SiteSettings.Read(folder), new NullTrainer(localModels));
        _host = builder.Build();
    }

    public Worker Worker => _host.Services.GetRequiredService<Worker>();

    public SiteContext Context => _host.Services.GetRequiredService<SiteContext>();

    public ArtifactCache Artifacts => _host.Services.GetRequiredService<ArtifactCache>();

    /// <summary>Lets the agent work by itself.</summary>
    public Task StartAsync() => _host.StartAsync();

    public void Dispose() => _host.Dispose();
}
