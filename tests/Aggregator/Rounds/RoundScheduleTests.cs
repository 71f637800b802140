using BrainMVP.Federated.Aggregator.Rounds;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using CsCheck;

namespace BrainMVP.Federated.Aggregator.Tests.Rounds;

/// <summary>Drives the state machine with random events, as the grain does, and checks what must hold after every one.</summary>
public sealed class RoundScheduleTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Sites = ["a", "b", "c", "d", "stranger"];

    private enum Event
    {
        Report,
        OtherReport,
        Begin,
        Complete,
        Drop,
        Tick,
        Jump,
        CloseNow,
        Extend,
        Resume,
        Silence,
        Speak,
    }

    [Fact]
    public void Any_schedule_keeps_the_promises_of_a_round() => Gen.Select(
        Gen.Select(Gen.Enum<Event>(), Gen.Int[0, Sites.Length - 1]).Array[0, 60],
        Gen.Int[1, 4],
        Gen.Int[0, 40],
        Gen.Int[0, 3]).Sample(
        (events, minimumSites, minimumCases, required) =>
        {
            var drive = new Drive(new QuorumPlan { MinimumSites = minimumSites, MinimumCases = minimumCases, Required = required == 0 ? ["b"] : [] });
            foreach (var (what, site) in events)
            {
                drive.Apply(what, Sites[site]);
                drive.Check();
            }
        },
        iter: 5000);

    [Fact]
    public void Schedules_do_reach_commits_with_and_without_a_closing_hand()
    {
        // Guards the property above against passing because nothing ever happens.
        var commits = 0;
        Gen.Select(Gen.Enum<Event>(), Gen.Int[0, 3]).Array[60, 120].Sample(
            events =>
            {
                var drive = new Drive(new QuorumPlan { MinimumSites = 2 });
                foreach (var (what, site) in events)
                {
                    drive.Apply(what, Sites[site]);
                }

                Interlocked.Add(ref commits, drive.State.Phase == RoundPhase.Committed ? 1 : 0);
            },
            iter: 300);
        Assert.InRange(commits, 30, 300);
    }

    private sealed class Drive(QuorumPlan quorum)
    {
        private readonly HashSet<string> _silent = [];
        private DateTimeOffset _now = Start;
        private int _rosters;
        private int _commits;
        private string? _unexplained;

        public RoundState State { get; private set; } = new()
        {
            Phase = RoundPhase.Training,
            Run = "run",
            Round = 1,
            Attempt = 1,
            Open = "open",
            Invited = ["a", "b", "c", "d"],
            Deadline = Start.AddHours(1),
        };

        public void Apply(Event what, string site)
        {
            try
            {
                State = Next(what, site);
            }
            catch (FederationException e)
            {
                // A refusal is an answer; the state stays as it was.
                Assert.InRange(e.Code.Number, 1303, 1305);
            }

            Step();
        }

        public void Check()
        {
            Assert.InRange(_rosters, 0, 1);
            Assert.InRange(_commits, 0, 1);
            Assert.Null(_unexplained);
            Assert.Subset(State.Invited.ToHashSet(), State.Participants.ToHashSet());
            Assert.Subset(State.Participants.ToHashSet(), State.Arrived.ToHashSet());
            Assert.Subset(State.Invited.ToHashSet(), State.Reports.Keys.ToHashSet());
            Assert.Subset(State.Participants.ToHashSet(), State.Uploads.Keys.ToHashSet());
            Assert.Empty(State.Arrived.Intersect(State.Dropouts.Keys));
            Assert.All(State.Participants, p => Assert.Contains(p, State.Reports.Keys));
            if (State.Phase is RoundPhase.Summing or RoundPhase.Committed)
            {
                Assert.Equal(State.Invited.Order(), State.Arrived.Concat(State.Dropouts.Keys).Order());
                Assert.NotEmpty(State.Arrived);
            }
        }

        private RoundState Next(Event what, string site)
        {
            switch (what)
            {
                case Event.Report: return RoundMachine.Report(State, site, new ReportEntry($"r-{site}", 5, 10, 1, _now));
                case Event.OtherReport: return RoundMachine.Report(State, site, new ReportEntry($"other-{site}", 5, 10, 1, _now));
                case Event.Begin: return RoundMachine.BeginUpload(State, site, new UploadEntry($"m-{site}", 8, false, _now));
                case Event.Complete: return RoundMachine.CompleteUpload(State, site, $"m-{site}", _now);
                case Event.Drop: return RoundMachine.Drop(State, site, "declined");
                case Event.CloseNow: return State.IsFinal ? State : State with { CloseNow = true, PauseReason = "" };
                case Event.Extend: return State.IsFinal ? State : State with { Deadline = _now.AddHours(1), PauseReason = "" };
                case Event.Resume: return State.IsFinal ? State : State with { PauseReason = "" };
                case Event.Jump: _now = _now.AddMinutes(50); return State;
                case Event.Silence: _silent.Add(site); return State;
                case Event.Speak: _silent.Remove(site); return State;
                default: return State;
            }
        }

        private void Step()
        {
            _now = _now.AddSeconds(1);
            var closed = State.CloseNow;
            var decision = RoundMachine.Decide(State, quorum, _now, _silent.Contains);
            switch (decision.Step)
            {
                case RoundStep.CloseReports:
                    var reporters = State.Reports.Keys.Where(s => !State.Dropouts.ContainsKey(s)).Order().ToArray();
                    Explain(closed, reporters);
                    State = RoundMachine.PublishRoster(State, $"roster-{++_rosters}", reporters, _now, _now.AddHours(1));
                    break;
                case RoundStep.CloseUploads:
                    State = RoundMachine.StartSumming(State, 2, _now);
                    Explain(closed, State.Arrived);
                    break;
                case RoundStep.Sum:
                    _commits++;
                    State = RoundMachine.Commit(State, "commit", "model", new Dictionary<string, string>(), _now);
                    break;
                case RoundStep.Pause:
                    Assert.NotEmpty(decision.Reason);
                    State = State with { PauseReason = decision.Reason };
                    break;
                case RoundStep.Resume:
                    State = State with { PauseReason = "" };
                    break;
                default:
                    break;
            }
        }

        private void Explain(bool closed, IReadOnlyCollection<string> present)
        {
            if (!closed && RoundMachine.MissingQuorum(State, quorum, present) is { } missing)
            {
                _unexplained = missing;
            }
        }
    }
}
