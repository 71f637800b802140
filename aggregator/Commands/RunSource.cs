using System.Globalization;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.Aggregator.Commands;

/// <summary>A model and templates that another run has made, by their artifacts' names.</summary>
/// <param name="Run">Document of that run.</param>
/// <param name="Model">Artifact of the model.</param>
/// <param name="Templates">Artifact of each template that has moved, or that the run began with.</param>
public sealed record RunSource(RunDocument Run, string Model, IReadOnlyDictionary<string, string> Templates)
{
    /// <summary>Finds what a run had after a round.</summary>
    /// <param name="client">Connection to the aggregator.</param>
    /// <param name="text">RUN for its newest model, RUN@ROUND for that of a committed round, RUN@0 for what it began with.</param>
    /// <exception cref="FederationException">BMF-1006 when the text has another form or the round is not committed; BMF-1308.</exception>
    public static async Task<RunSource> Find(AdminClient client, string text, CancellationToken cancellation)
    {
        var parts = text.Split('@');
        var round = -1;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out round)))
        {
            throw ErrorCatalogue.ArgumentInvalid.With($"\"{text}\" is not RUN or RUN@ROUND, for example first@12.");
        }

        var status = await client.Admin.GetRunStatusAsync(new GetRunStatusRequest { Run = parts[0] }, AdminClient.Options(cancellation));
        var signed = await client.Admin.GetRoundDocumentsAsync(new GetRoundDocumentsRequest { Run = parts[0] }, AdminClient.Options(cancellation));
        var run = CanonicalJson.Deserialize<RunDocument>(signed.Open.Content.Span);
        if (round < 0)
        {
            return new RunSource(run, status.Model, status.Templates);
        }

        if (round == 0)
        {
            return new RunSource(run, run.InitialModel, run.FirstTemplates());
        }

        return status.Rounds.FirstOrDefault(r => r.Round == round && r.Model.Length > 0) is { } committed
            ? new RunSource(run, committed.Model, committed.Templates)
            : throw ErrorCatalogue.ArgumentInvalid.With($"Round {round} of {parts[0]} is not committed; it has {status.Summary.CommittedRounds} committed rounds.");
    }

    /// <summary>Makes a submission start from here.</summary>
    /// <param name="request">The submission.</param>
    /// <param name="modalities">Modalities of its plan; templates of others are left behind.</param>
    public void StartInto(SubmitRunRequest request, IEnumerable<string> modalities)
    {
        request.InitialModel = Model;
        foreach (var (modality, hash) in Templates.Where(t => modalities.Contains(t.Key, StringComparer.Ordinal)))
        {
            request.InitialTemplates.Add(modality, hash);
        }
    }
}
