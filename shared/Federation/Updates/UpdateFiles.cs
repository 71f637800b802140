namespace BrainMVP.Federated.Federation.Updates;

/// <summary>The durable files whose difference is a site's update.</summary>
/// <param name="GlobalModel">Model that the training started from.</param>
/// <param name="GlobalTemplates">Template file by modality; a modality without one started from zeros.</param>
/// <param name="LocalModel">Everything after training.</param>
/// <param name="OwnControl">The site's control variates before; null for zeros.</param>
public sealed record UpdateFiles(string GlobalModel, IReadOnlyDictionary<string, string> GlobalTemplates, string LocalModel, string? OwnControl = null);
