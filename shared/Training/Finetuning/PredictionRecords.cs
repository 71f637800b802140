using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.External;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>
/// What was predicted in a folder, one file a case, so that a command that was interrupted goes on where it stopped. A
/// record counts only for the same key, and while the case's files are those that were written with it.
/// </summary>
/// <param name="folder">Folder of the predictions.</param>
internal sealed class PredictionRecords(string folder)
{
    private const string FolderName = ".cases";

    private readonly string _records = Path.Combine(folder, FolderName);
    private readonly HashSet<string> _kept = new(StringComparer.Ordinal);

    /// <summary>The prediction that was made under this key; null when there is none, or when one of its files is gone or another.</summary>
    public PredictedCase? Find(string name, string key)
    {
        var path = PathOf(name);
        _kept.Add(path);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var record = CanonicalJson.Read<PredictionRecord>(File.ReadAllBytes(path));
            return record.Key == key && record.Files.All(f => Has(f.Key, f.Value)) ? record.Case : null;
        }
        catch (FederationException)
        {
            // Written by another version, or damaged: predicted again.
            return null;
        }
    }

    /// <param name="key">Of everything that the prediction depends on.</param>
    /// <param name="predicted">The prediction.</param>
    /// <param name="files">Names of its files in the folder.</param>
    public void Keep(string key, PredictedCase predicted, IEnumerable<string> files)
    {
        Directory.CreateDirectory(_records);
        var record = new PredictionRecord(key, predicted, files.ToDictionary(f => f, f => FileHash.Of(Path.Combine(folder, f)), StringComparer.Ordinal));
        DurableFile.WriteAllBytes(PathOf(predicted.Name), CanonicalJson.Serialize(record));
    }

    /// <summary>Deletes records of cases that were not asked for since.</summary>
    public void Sweep()
    {
        if (Directory.Exists(_records))
        {
            foreach (var path in Directory.EnumerateFiles(_records).Where(p => !_kept.Contains(p)).ToArray())
            {
                File.Delete(path);
            }
        }
    }

    private bool Has(string file, string hash)
    {
        var path = Path.Combine(folder, Path.GetFileName(file));
        return File.Exists(path) && FileHash.Of(path) == hash;
    }

    private string PathOf(string name) => Path.Combine(_records, SafeName.Of(name) + ".json");
}

/// <summary>A prediction and what it was made from.</summary>
/// <param name="Key">SHA-256 of everything that it depends on.</param>
/// <param name="Case">The prediction.</param>
/// <param name="Files">Its files in the folder of predictions and their SHA-256.</param>
internal sealed record PredictionRecord(string Key, PredictedCase Case, IReadOnlyDictionary<string, string> Files);
