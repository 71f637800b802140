using System.CommandLine;
using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.SiteAgent.Hosting;
using BrainMVP.Federated.SiteAgent.Policy;
using BrainMVP.Federated.SiteAgent.Rounds;
using BrainMVP.Federated.Trust.Certificates;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>status</c>: the site at a glance, from its folder alone.</summary>
public static class StatusCommand
{
    public static Command Create()
    {
        var command = CommandShape.Create("status", "Shows the enrolment, the certificate, the daemon and the runs of this site.", "status");
        command.Does((_, folder) =>
        {
            folder.RequireEnrolled();
            var settings = SiteSettings.Read(folder);
            using var certificate = CertificateFiles.LoadCertificate(folder.Identity);
            var policy = PolicyFile.Read(folder.Policy);
            Line($"site         {settings.Site} of {settings.Consortium}");
            Line($"aggregator   {settings.Aggregator}");
            Line($"data         {settings.Data ?? "(not given yet)"}");
            Line($"certificate  until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC, SHA-256 {Fingerprint.Of(certificate)}");
            Line($"policy       minimum cohort {policy.MinimumCohort}, approval {(policy.RequireApproval ? "needed" : "not needed")}, minimum contributors {policy.MinimumContributors}");
            Line($"daemon       {(FolderLock.Holder(folder.Lock) is { } id ? $"running, process {id}" : "not running")}");
            if (File.Exists(folder.Activity))
            {
                var activity = CanonicalJson.Read<Activity>(File.ReadAllBytes(folder.Activity));
                Line($"last seen    {activity.At}: {activity.Run} round {activity.Round}, {activity.Phase} {activity.Done}/{activity.Total}");
            }

            PrintRuns(folder);
        });
        return command;
    }

    private static void PrintRuns(SiteFolder folder)
    {
        if (!Directory.Exists(folder.Runs))
        {
            return;
        }

        foreach (var path in Directory.EnumerateDirectories(folder.Runs).Order(StringComparer.Ordinal))
        {
            var run = new RunFolder(path);
            if (!File.Exists(run.Document))
            {
                continue;
            }

            var document = Rounds.Documents.Read<RunDocument>(run.Document);
            var state = File.Exists(run.Finished) ? "finished" : File.Exists(run.Approval) ? "approved" : "waits for approval";
            Line($"run          {document.Run}: {state}, {run.LastCommitted()} of {document.Plan.Rounds.Count} rounds committed, plan {document.PlanHash[..12]}");
        }
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
