namespace BrainMVP.Federated.Imaging.Layouts;

/// <summary>A file name of the Brain Imaging Data Structure: entities (sub-01, ses-02, ce-GAD, ...) and a suffix.</summary>
internal sealed record BidsName(IReadOnlyDictionary<string, string> Entities, string Suffix)
{
    public string this[string entity] => Entities.GetValueOrDefault(entity, "");

    /// <param name="stem">File name without extension.</param>
    /// <returns>Null when it does not begin with a subject, or has a part that is neither an entity nor the last.</returns>
    public static BidsName? Parse(string stem)
    {
        var parts = stem.Split('_');
        if (parts.Length < 2 || !parts[0].StartsWith("sub-", StringComparison.Ordinal) || parts[0].Length < 5)
        {
            return null;
        }

        var entities = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts[..^1])
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            if (dash <= 0 || dash == part.Length - 1 || !entities.TryAdd(part[..dash], part[(dash + 1)..]))
            {
                return null;
            }
        }

        return parts[^1].Length > 0 ? new BidsName(entities, parts[^1]) : null;
    }
}
