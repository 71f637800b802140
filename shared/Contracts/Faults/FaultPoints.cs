using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace BrainMVP.Federated.Contracts.Faults;

/// <summary>
/// The points at which a process can be told to die. Nothing happens unless the environment orders it, which only the
/// one who started the process can do. A point leaves a durable mark before it strikes, so that it strikes once however
/// often the process is started again.
/// </summary>
public static partial class FaultPoints
{
    /// <summary>Environment variable with the orders of this process, separated by semicolons.</summary>
    public const string Orders = "BRAINMVP_FAULTS";

    /// <summary>Environment variable that names the process: <c>aggregator</c>, <c>silo:1</c>, <c>agent:2</c>.</summary>
    public const string Self = "BRAINMVP_FAULT_SELF";

    /// <summary>Environment variable with the folder of the marks.</summary>
    public const string Folder = "BRAINMVP_FAULT_FOLDER";

    /// <summary>Ends the wait of a point whose victim is another process.</summary>
    public const string Struck = ".struck";

    private const int Terminate = 15;

    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(20);
    private static readonly Lock Gate = new();
    private static readonly string[] OrderTexts = (Environment.GetEnvironmentVariable(Orders) ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries);
    private static readonly FaultOrder[] Ordered = [.. OrderTexts.Select(FaultOrder.Parse)];
    private static readonly string Me = Environment.GetEnvironmentVariable(Self) ?? "";
    private static readonly string Marks = Environment.GetEnvironmentVariable(Folder) ?? "";

    /// <summary>Whether this process was started with orders.</summary>
    public static bool Any => Ordered.Length > 0 && Marks.Length > 0;

    /// <summary>File that a point leaves when it is reached.</summary>
    /// <param name="folder">Folder of the marks.</param>
    /// <param name="index">Place of the order in the list of all.</param>
    public static string MarkOf(string folder, int index) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"fault-{index}"));

    /// <summary>An order with its place in the list, as a process reads it.</summary>
    public static string TextFor(IReadOnlyList<FaultOrder> orders) => string.Join(';', orders.Select(o => o.ToString()));

    /// <summary>A point in the aggregator.</summary>
    public static void Aggregator(int round, string step, bool before = false) => Reached(o => o.IsCentral, round, step, before);

    /// <summary>A point in a site agent. Training is seen here only, also for faults of the central side.</summary>
    public static void Agent(int round, string step) => Reached(
        o => o.IsCentral ? step == "train" : o.Target is FaultTarget.Agent or FaultTarget.Network && o.Number == NumberOfSelf, round, step, before: false);

    /// <summary>A point in a trainer.</summary>
    public static void Trainer(int round, string step) =>
        Reached(o => o.Target == FaultTarget.Trainer && o.Number == NumberOfSelf, round, step, before: false);

    private static int NumberOfSelf => int.TryParse(Me[(Me.IndexOf(':', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static void Reached(Func<FaultOrder, bool> mine, int round, string step, bool before)
    {
        if (!Any)
        {
            return;
        }

        for (var i = 0; i < Ordered.Length; i++)
        {
            var order = Ordered[i];
            if (order.Round == round && order.Step == step && order.Before == before && mine(order) && Mark(MarkOf(Marks, i)))
            {
                Strike(order, MarkOf(Marks, i));
                return;
            }
        }
    }

    /// <summary>Makes the mark; false when it is there already.</summary>
    private static bool Mark(string path)
    {
        lock (Gate)
        {
            if (File.Exists(path))
            {
                return false;
            }

            try
            {
                using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
                file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
                file.Flush(flushToDisk: true);
            }
            catch (IOException) when (File.Exists(path))
            {
                return false;
            }

            Storage.DurableFile.SyncFolder(Marks);
            return true;
        }
    }

    private static void Strike(FaultOrder order, string mark)
    {
        Console.Error.WriteLine($"Fault on demand: {order} is reached.");
        if (order.IsGentle)
        {
            // Whoever is asked to stop goes on with what it does until it has stopped.
            _ = order.Who == Me ? Signal(Environment.ProcessId, Terminate) : 0;
            return;
        }

        if (order.Target == FaultTarget.Trainer || order.Who == Me)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }

        // Nothing may happen between the point and the death, here or in another process that whoever watches the marks
        // kills: the thread stands still, for a bounded time.
        SpinWait.SpinUntil(() => File.Exists(mark + Struck), LongestHold);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
