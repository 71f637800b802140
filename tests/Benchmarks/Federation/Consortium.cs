using System.Diagnostics;
using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.SiteAgent.Enrollment;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.Trust.Enrolment;
using BrainMVP.Federated.Trust.Transport;
using Google.Protobuf;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>A consortium with an aggregator process of its own in a temporary folder; sites enrol in this process.</summary>
internal sealed class Consortium : IAsyncDisposable
{
    public const string Run = "bench";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly Process _process;
    private readonly AdminClient _admin;

    private Consortium(string folder, Process process, AdminClient admin)
    {
        (_folder, _process, _admin) = (folder, process, admin);
    }

    public string Folder => Path.Combine(_folder, "aggregator");

    public int ProcessId => _process.Id;

    public string Address { get; private init; } = "";

    public static async Task<Consortium> StartAsync(string folder)
    {
        var home = Path.Combine(folder, "aggregator");
        await Ended("init", "--dir", home, "--consortium", "bench", "--host", "127.0.0.1");
        var log = Path.Combine(folder, "aggregator.log");
        var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" > \"$log\" 2>&1", "sh", log, .. Command("serve", "--dir", home, "--address", "127.0.0.1", "--port", "0")]) { RedirectStandardInput = true })!;
        var address = Path.Combine(home, "address");
        await Until(() => File.Exists(address), StartLimit, $"The aggregator is not ready; its log is {log}.");
        return new Consortium(folder, process, AdminClient.FromFolder(home, null)) { Address = File.ReadAllText(address).Trim() };
    }

    /// <summary>Enrols a site that approves everything.</summary>
    /// <param name="name">Name of the site.</param>
    /// <param name="address">Address to reach the aggregator at, for example that of a proxy; null for its own.</param>
    public async Task<SiteFolder> EnrollAsync(string name, string? address = null)
    {
        var invitation = await _admin.Admin.InviteSiteAsync(new InviteSiteRequest { Site = name, Hours = 1 }, AdminClient.Options(CancellationToken.None));
        var folder = new SiteFolder(Path.Combine(_folder, "sites", name));
        var settings = await new SiteEnrollment(folder, TimeProvider.System).EnrollAsync(AggregatorAddresses.Parse(Address), EnrolmentToken.Parse(invitation.Token), CancellationToken.None);
        (settings with { Data = folder.Root, Aggregator = address ?? settings.Aggregator }).Write(folder);
        PolicyFile.Write(folder.Policy, new PolicyDocument { MinimumCohort = 1, RequireApproval = false });
        return folder;
    }

    /// <summary>Starts a run over the sites.</summary>
    public async Task SubmitAsync(Plan plan, string model, IEnumerable<string> sites)
    {
        var bytes = CanonicalJson.Serialize(plan);
        var request = new SubmitRunRequest { Token = AdminClient.SubmissionToken(Run, bytes), Run = Run, Plan = ByteString.CopyFrom(bytes), InitialModel = await _admin.Upload(model, CancellationToken.None) };
        request.Sites.Add(sites);
        await _admin.Admin.SubmitRunAsync(request, AdminClient.Options(CancellationToken.None));
    }

    private async Task<RunStatus> StatusAsync() =>
        await _admin.Admin.GetRunStatusAsync(new GetRunStatusRequest { Run = Run }, AdminClient.Options(CancellationToken.None));

    /// <summary>Waits until the run has ended.</summary>
    public async Task<RunStatus> EndAsync()
    {
        RunStatus status = new();
        await Until(async () => (status = await StatusAsync()).Summary.State is "completed" or "aborted" or "paused", Limit, "The run did not end.");
        return status.Summary.State == "completed" ? status : throw new InvalidOperationException($"The run is {status.Summary.State}: {status.Summary.Reason}");
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public static Task Until(Func<bool> condition, TimeSpan limit, string failure) => Until(() => Task.FromResult(condition()), limit, failure);

    private static async Task Until(Func<Task<bool>> condition, TimeSpan limit, string failure)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > limit)
            {
                throw new InvalidOperationException(failure);
            }

            await Task.Delay(100);
        }
    }

    private static async Task Ended(params string[] arguments)
    {
        var command = Command(arguments);
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"aggregator {arguments[0]} ended with {process.ExitCode}."));
        }
    }

    /// <summary>The aggregator's program lies beside this one.</summary>
    private static string[] Command(params string[] arguments) => [Path.Combine(AppContext.BaseDirectory, "aggregator"), .. arguments];
}
