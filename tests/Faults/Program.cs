using System.CommandLine;
using System.Diagnostics;
using BrainMVP.Federated.Faults;

var quick = new Option<bool>("--quick") { Description = "Only the subset that the ordinary test command runs." };
var only = new Option<string>("--only") { Description = "Only rows whose name contains this text.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
var keep = new Option<bool>("--keep") { Description = "Keep the folders of all rows; those of failed rows are always kept." };
var list = new Option<bool>("--list") { Description = "Print the rows and end." };
var root = new RootCommand("""
    The fault matrix: real processes are killed, cut off, confused and starved at every step of a round. Each row is one
    simulation of two sites; its global model must be that of the undisturbed run, bit for bit.

    Examples:
      dotnet run -c Release --project tests/Faults
      dotnet run -c Release --project tests/Faults -- --quick
      dotnet run -c Release --project tests/Faults -- --only clock --keep
    """)
{
    quick, only, keep, list,
};
root.SetAction(async (parse, cancellation) =>
{
    var rows = Rows.All.Where(r => (!parse.GetValue(quick) || r.IsQuick) && r.Name.Contains(parse.GetValue(only)!, StringComparison.OrdinalIgnoreCase)).ToArray();
    if (parse.GetValue(list))
    {
        foreach (var row in rows)
        {
            Console.WriteLine(row.Name + string.Concat(row.Orders.Select(o => $"\n    --fault {o}")));
        }

        return 0;
    }

    var began = Stopwatch.GetTimestamp();
    var folder = Directory.CreateTempSubdirectory("bmf-faults-").FullName;
    var matrix = new FaultMatrix(folder, parse.GetValue(keep));
    await matrix.Prepare(cancellation);
    MatrixTable.PrintHead();
    var results = new List<RowResult>();
    foreach (var row in rows)
    {
        results.Add(await matrix.Run(row, results.Count + 1, cancellation));
        MatrixTable.Print(results[^1]);
    }

    MatrixTable.PrintCounts(results, Stopwatch.GetElapsedTime(began).TotalSeconds);
    var failed = results.Any(r => r.Verdict == "FAILED");
    if (!failed && !parse.GetValue(keep))
    {
        Directory.Delete(folder, recursive: true);
    }
    else
    {
        Console.WriteLine($"The folders are kept in {folder}.");
    }

    return failed || results.Count == 0 ? 1 : 0;
});
return await root.Parse(args).InvokeAsync();
