using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Federation.Rosters;

namespace BrainMVP.Federated.Federation.Tests.Rosters;

public sealed class LateReportsTests : IDisposable
{
    private readonly TinyFederation _federation = new(7, 3);

    public void Dispose() => _federation.Dispose();

    [Fact]
    public void Work_that_was_never_counted_may_be_carried() =>
        Assert.Null(LateReports.FindViolation(Late(2), 7, [Commit(5, "site1"), Commit(6, "site1", "site2")]));

    [Fact]
    public void Work_is_counted_once()
    {
        Assert.Contains("counted in round 5", LateReports.FindViolation(Late(2), 7, [Commit(5, "site0"), Commit(6, "site1")]), StringComparison.Ordinal);
        Assert.Contains("counted in round 6", LateReports.FindViolation(Late(2), 7, [Commit(6, "site0"), Commit(5, "site1")]), StringComparison.Ordinal);
    }

    [Fact]
    public void Work_of_a_round_that_the_site_was_not_in_is_refused()
    {
        Assert.Contains("had none", LateReports.FindViolation(Late(2), 7, []), StringComparison.Ordinal);
        Assert.Contains("had none", LateReports.FindViolation(Late(2), 7, [Commit(6, "site1")]), StringComparison.Ordinal);
        Assert.Contains("had none", LateReports.FindViolation(Late(2) with { BaseContext = "another" }, 7, [Commit(5, "site1")]), StringComparison.Ordinal);
        Assert.Contains("had none", LateReports.FindViolation(Late(2) with { Site = "stranger" }, 7, [Commit(5, "site1")]), StringComparison.Ordinal);
    }

    [Fact]
    public void Work_of_the_round_itself_needs_no_history() => Assert.Null(LateReports.FindViolation(_federation.Reports[0], 7, []));

    private UpdateReport Late(int age) => _federation.Reports[0] with { Age = age, BaseContext = RoundContexts.Open(Commit(7 - age).Context) };

    private RoundCommitDocument Commit(int round, params string[] contributors) => new()
    {
        Context = _federation.Open.Context with { Round = round },
        RosterHash = "",
        RoundContext = "",
        Model = "",
        ParentModel = "",
        Templates = new Dictionary<string, string>(),
        Groups = [],
        Contributors = contributors,
        Dropouts = new Dictionary<string, string>(),
        Validation = new Dictionary<string, IReadOnlyDictionary<string, ValidationSum>>(),
        Updates = new Dictionary<string, string>(),
        AuditHead = "",
        SiteAuditHeads = new Dictionary<string, string>(),
        CommittedAt = "",
    };
}
