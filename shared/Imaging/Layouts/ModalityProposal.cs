namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>What a series is taken to be, how sure that is, and why.</summary>
/// <param name="Status">Accepted: certain. Uncertain: a person decides. Ignored: not a series of the eight modalities.</param>
/// <param name="Modality">Canonical modality, <see cref="ManifestRow.Segmentation"/>, or empty when nothing points to one.</param>
/// <param name="Reason">For people; of ignored series the same words for the same cause, so that they can be counted.</param>
public sealed record ModalityProposal(SeriesStatus Status, string Modality, string Reason)
{
    public static ModalityProposal Certain(string modality, string reason) => new(SeriesStatus.Accepted, modality, reason);

    public static ModalityProposal Uncertain(string modality, string reason) => new(SeriesStatus.Uncertain, modality, reason);

    public static ModalityProposal Ignored(string reason) => new(SeriesStatus.Ignored, "", reason);

    /// <summary>The same modality, but a person has to decide.</summary>
    public ModalityProposal Doubted(string reason) => this with { Status = SeriesStatus.Uncertain, Reason = reason };
}
