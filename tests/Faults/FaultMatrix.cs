using System.Diagnostics;
using System.Globalization;

namespace BrainMVP.Federated.Faults;

/// <summary>Runs the rows against the undisturbed run and says what became of each.</summary>
/// <param name="folder">Working folder.</param>
/// <param name="keep">Whether the folders of failed rows stay.</param>
public sealed class FaultMatrix(string folder, bool keep)
{
    private const int Rounds = 2;
    private static readonly string[] Names = ["north", "south", "east"];
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly List<string> _data = [];
    private Outcome? _undisturbed;

    /// <summary>Makes the data and the run that every other one is compared with.</summary>
    public async Task Prepare(CancellationToken cancellation)
    {
        File.WriteAllText(Plan, TinyPlan.Text);
        foreach (var name in Names)
        {
            var data = Path.Combine(folder, "data", name);
            var (code, text) = await Programs.Run(
                Programs.SiteAgent, ["phantom", "--out", data, "--seed", "5", "--cases", "3", "--scanner", name, "--prefix", name, "--modalities", "t1,t2", "--spacing", "4"], Limit, cancellation);
            _data.Add(code == 0 ? data : throw new InvalidOperationException(text));
        }

        await using var simulation = RunningSimulation.Start(Path.Combine(folder, "undisturbed"), Path.Combine(folder, "undisturbed", "work", "aggregator"), Arguments(2));
        var exit = await simulation.End(cancellation);
        _undisturbed = exit == 0 ? Outcome.Read(simulation.Out) : throw new InvalidOperationException($"The undisturbed run failed:\n{simulation.Text}");
        Console.WriteLine($"undisturbed: model {_undisturbed.Model}; {_undisturbed.Sites}");
    }

    /// <summary>Runs one row.</summary>
    public async Task<RowResult> Run(FaultRow row, int number, CancellationToken cancellation)
    {
        if (row.Absent() is { } absent)
        {
            return new RowResult(row, "skipped", absent, null, null, 0, "", "");
        }

        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"row-{number:D2}"));
        var began = Stopwatch.GetTimestamp();
        row.Prepare();
        try
        {
            var aggregator = row.AggregatorFolder.Length > 0 ? row.AggregatorFolder : Path.Combine(path, "work", "aggregator");
            await using var simulation = RunningSimulation.Start(path, aggregator, [.. Arguments(row.Sites), .. row.Arguments, .. row.HasBucket ? BucketServer.NextRow() : [], .. row.Orders.SelectMany(o => (string[])["--fault", o])]);
            var note = "";
            var wrong = new List<string>();
            try
            {
                note = row.Beside is null ? "" : await row.Beside(simulation, cancellation);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or ArgumentException or Grpc.Core.RpcException)
            {
                wrong.Add(e.Message);
            }

            var exit = await simulation.End(cancellation);
            var outcome = exit == 0 ? Outcome.Read(path) : null;
            wrong.AddRange(outcome is null ? [$"the simulation ended with {exit}"] : Compare(outcome));
            if (outcome is not null)
            {
                wrong.AddRange(Aftermath.Faults(simulation, Rounds, row.HasBucket));
            }

            if (wrong.Count > 0)
            {
                File.WriteAllText(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"row-{number:D2}.log")), simulation.Text);
            }
            else if (!keep)
            {
                Directory.Delete(path, recursive: true);
            }

            return new RowResult(
                row,
                wrong.Count == 0 ? "passed" : "FAILED",
                string.Join("; ", wrong) + (wrong.Count > 0 ? $" (see {path})" : ""),
                outcome?.Faults.Max(f => f.Answered),
                outcome?.Faults.Max(f => f.FirstSite),
                Stopwatch.GetElapsedTime(began).TotalSeconds,
                outcome?.Model ?? "",
                note);
        }
        finally
        {
            row.CleanUp();
        }
    }

    private string Plan => Path.Combine(folder, "plan.yaml");

    private IEnumerable<string> Arguments(int sites) => ["--plan", Plan, "--seed", "5", .. _data.Take(sites).SelectMany(d => (string[])["--data", d])];

    private IEnumerable<string> Compare(Outcome outcome)
    {
        if (outcome.Status != "completed")
        {
            yield return $"the run is {outcome.Status}";
        }

        if (outcome.Model != _undisturbed!.Model)
        {
            yield return $"the global model is {outcome.Model}";
        }

        if (outcome.Templates != _undisturbed.Templates)
        {
            yield return $"the templates are {outcome.Templates}";
        }

        if (outcome.Sites != _undisturbed.Sites)
        {
            yield return $"the contributions are {outcome.Sites}";
        }

        foreach (var fault in outcome.Faults.Where(f => !f.Reached))
        {
            yield return $"{fault.Order} was never reached";
        }
    }
}
