using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Simulation.Studies;

/// <summary>The lines of a manifest of people that do not exist, with whole paths: their fields hold no commas.</summary>
/// <param name="Header">Names of the columns.</param>
/// <param name="Lines">One for each series of each person.</param>
internal sealed record StudyPeople(string Header, IReadOnlyList<string> Lines)
{
    /// <summary>Reads a manifest that <c>site-agent phantom</c> or <see cref="Write"/> wrote.</summary>
    public static async Task<StudyPeople> Read(string path)
    {
        var lines = await File.ReadAllLinesAsync(path, CancellationToken.None);
        var (column, folder) = (lines[0].Split(',').IndexOf("path"), Path.GetDirectoryName(Path.GetFullPath(path))!);
        return new StudyPeople(lines[0], [.. lines.Skip(1).Select(l => l.Split(',')).Select(f => string.Join(',', f.Select((text, at) => at == column ? Path.Combine(folder, text) : text)))]);
    }

    public static StudyPeople Together(IReadOnlyList<StudyPeople> sites) => new(sites[0].Header, [.. sites.SelectMany(s => s.Lines)]);

    /// <summary>A part of the people, at least one; a smaller part drawn alike is among a larger one.</summary>
    public StudyPeople Part(double part, CounterRandom random)
    {
        var column = Header.Split(',').IndexOf("subject");
        string[] subjects = [.. Lines.Select(l => l.Split(',')[column]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        random.Shuffle<string>(subjects);
        var chosen = subjects[..Math.Max(1, (int)Math.Round(subjects.Length * part, MidpointRounding.AwayFromZero))];
        return this with { Lines = [.. Lines.Where(l => chosen.Contains(l.Split(',')[column], StringComparer.Ordinal))] };
    }

    /// <summary>Writes <c>manifest.csv</c> into a folder.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        DurableFile.WriteAllText(Path.Combine(folder, "manifest.csv"), string.Join('\n', [Header, .. Lines]) + "\n");
    }
}
