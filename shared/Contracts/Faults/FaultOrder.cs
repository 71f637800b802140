using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Faults;

/// <summary>What a fault strikes.</summary>
public enum FaultTarget
{
    /// <summary>The aggregator's only process.</summary>
    Aggregator,

    /// <summary>One of several aggregator processes, counted from 1.</summary>
    Silo,

    /// <summary>The database of several silos.</summary>
    Postgres,

    /// <summary>The site agent of a site, counted from 1.</summary>
    Agent,

    /// <summary>The training process of a site, counted from 1.</summary>
    Trainer,

    /// <summary>The connection between a site, counted from 1, and the aggregator.</summary>
    Network,
}

/// <summary>
/// A fault on demand: at one point of one round a process is killed by SIGKILL, or a connection suffers. Written
/// <c>WHO@round=R,step=S</c>, for example <c>agent:2@round=1,step=upload</c>.
/// </summary>
public sealed record FaultOrder
{
    /// <summary>The steps of a round in their order.</summary>
    public static readonly IReadOnlyList<string> Steps = ["open", "train", "report", "roster", "upload", "sum", "commit"];

    private static readonly string[] TrainerSteps = ["open", "train", "report"];
    private static readonly string[] StepsWithBefore = ["open", "report", "roster", "sum", "commit"];
    private static readonly TimeSpan LongestClockJump = TimeSpan.FromHours(12);

    public required FaultTarget Target { get; init; }

    /// <summary>Number of the silo or site from 1; 0 where there is only one.</summary>
    public int Number { get; init; }

    /// <summary>Round from 1.</summary>
    public required int Round { get; init; }

    /// <summary>One of <see cref="Steps"/>.</summary>
    public required string Step { get; init; }

    /// <summary>At the aggregator: before the step's state is saved, not after.</summary>
    public bool Before { get; init; }

    /// <summary>Asked to stop by SIGTERM, as an administrator restarts a service, instead of killed by SIGKILL.</summary>
    public bool IsGentle { get; init; }

    /// <summary>How far the clock of the restarted process is off, −12..12 hours.</summary>
    public TimeSpan Clock { get; init; }

    /// <summary>How long a connection suffers, 1..600 seconds.</summary>
    public int Seconds { get; init; } = 10;

    /// <summary>Percentage of transfers that stall, 1..99; 0 cuts the connection.</summary>
    public int StallPercent { get; init; }

    /// <summary>Whether the central side suffers and not a site.</summary>
    public bool IsCentral => Target is FaultTarget.Aggregator or FaultTarget.Silo or FaultTarget.Postgres;

    /// <summary>Who suffers, as written: <c>aggregator</c>, <c>silo:2</c>.</summary>
    public string Who => Number == 0 ? Name(Target) : string.Create(CultureInfo.InvariantCulture, $"{Name(Target)}:{Number}");

    /// <summary>Reads one order.</summary>
    /// <exception cref="FederationException">BMF-1006 with what is wrong and an example.</exception>
    public static FaultOrder Parse(string text)
    {
        var (who, rest) = Split(text, '@');
        var (kind, number) = Split(who, ':');
        var target = Array.Find(Enum.GetValues<FaultTarget>(), t => Name(t) == kind) is var found && Name(found) == kind
            ? found
            : throw Wrong(text, $"\"{kind}\" is none of {string.Join(", ", Enum.GetValues<FaultTarget>().Select(Name))}");
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in rest.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (key, value) = Split(field, '=');
            if (!fields.TryAdd(key, value))
            {
                throw Wrong(text, $"{key} is given twice");
            }
        }

        var alone = target is FaultTarget.Aggregator or FaultTarget.Postgres;
        var order = new FaultOrder
        {
            Target = target,
            Number = alone ? (number.Length == 0 ? 0 : throw Wrong(text, $"there is only one {kind}")) : Whole(text, $"the number after {kind}:", number, 1, 64),
            Round = Whole(text, "round", Take(fields, "round") ?? throw Wrong(text, "round=R is missing"), 1, 100_000),
            Step = Take(fields, "step") ?? throw Wrong(text, "step=S is missing"),
            Before = Take(fields, "at") switch { null or "after" => false, "before" => true, var other => throw Wrong(text, $"at is \"{other}\", not before or after") },
            IsGentle = Take(fields, "by") switch { null or "kill" => false, "term" => true, var other => throw Wrong(text, $"by is \"{other}\", not kill or term") },
            Clock = ParseClock(text, Take(fields, "clock")),
            Seconds = Take(fields, "for") is { } seconds ? Whole(text, "for", seconds, 1, 600) : 10,
            StallPercent = Take(fields, "stall") is { } stall ? Whole(text, "stall", stall.TrimEnd('%'), 1, 99) : 0,
        };
        if (fields.Count > 0)
        {
            throw Wrong(text, $"{fields.Keys.First()} is none of round, step, at, by, clock, for, stall");
        }

        var steps = target == FaultTarget.Trainer ? TrainerSteps : order.Before ? StepsWithBefore : Steps;
        return !steps.Contains(order.Step, StringComparer.Ordinal) ? throw Wrong(text, $"step \"{order.Step}\" is none of {string.Join(", ", steps)}")
            : order.Before && !order.IsCentral ? throw Wrong(text, "at=before is for the aggregator, silos and PostgreSQL")
            : order.IsGentle && target is not (FaultTarget.Aggregator or FaultTarget.Silo or FaultTarget.Agent) ? throw Wrong(text, "by=term is for the aggregator, silos and agents")
            : order.Clock != TimeSpan.Zero && target is not (FaultTarget.Aggregator or FaultTarget.Silo or FaultTarget.Agent) ? throw Wrong(text, "clock is for the aggregator, silos and agents")
            : (order.Seconds != 10 || order.StallPercent > 0) && target != FaultTarget.Network ? throw Wrong(text, "for and stall are for network:N")
            : order;
    }

    /// <summary>The order as written, without what only the one who restarts needs.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Who}@round={Round},step={Step}{(Before ? ",at=before" : "")}{(IsGentle ? ",by=term" : "")}")
        + (Clock != TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $",clock={(Clock > TimeSpan.Zero ? "+" : "")}{Clock.TotalMinutes:F0}m") : "")
        + (Target == FaultTarget.Network ? string.Create(CultureInfo.InvariantCulture, $",for={Seconds}{(StallPercent > 0 ? $",stall={StallPercent}" : "")}") : "");

    private static string Name(FaultTarget target) => target.ToString().ToLowerInvariant();

    private static (string First, string Second) Split(string text, char separator) =>
        text.IndexOf(separator, StringComparison.Ordinal) is >= 0 and var at ? (text[..at].Trim(), text[(at + 1)..].Trim()) : (text.Trim(), "");

    private static string? Take(Dictionary<string, string> fields, string key) => fields.Remove(key, out var value) ? value : null;

    private static int Whole(string text, string what, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Wrong(text, string.Create(CultureInfo.InvariantCulture, $"{what} is \"{value}\", not a whole number in {least}..{most}"));

    private static TimeSpan ParseClock(string text, string? value)
    {
        if (value is null)
        {
            return TimeSpan.Zero;
        }

        var unit = value.Length > 1 ? value[^1] : ' ';
        return unit is 'h' or 'm' && int.TryParse(value[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && (unit == 'h' ? TimeSpan.FromHours(number) : TimeSpan.FromMinutes(number)) is var jump && jump.Duration() <= LongestClockJump
            ? jump
            : throw Wrong(text, $"clock is \"{value}\", not like +1h or -30m, at most 12 hours");
    }

    private static FederationException Wrong(string text, string what) =>
        ErrorCatalogue.ArgumentInvalid.With($"--fault {text}: {what}. For example --fault aggregator@round=1,step=sum or --fault agent:2@round=1,step=upload.");
}
