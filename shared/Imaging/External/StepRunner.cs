using System.Globalization;
using System.Text;
using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>One run of a step.</summary>
/// <param name="Step">The step.</param>
/// <param name="Program">Its program, found and asked for its version.</param>
/// <param name="Folder">Folder of the finished step.</param>
/// <param name="Label">Step and series, for messages.</param>
/// <param name="Values">What the placeholders stand for, but {out} and {folder}.</param>
/// <param name="Also">Files that decide the outcome without being an argument.</param>
internal sealed record StepRun(PipelineStep Step, ExternalProgram Program, string Folder, string Label, IReadOnlyDictionary<string, string> Values, IReadOnlyList<string> Also);

/// <summary>
/// Runs a step unless it has run already on the same inputs with the same command and version and its outputs are still
/// the same bytes. A step works in a folder of its own that gets its final name, with its record in it, only when
/// everything is there: a kill at any instant leaves a finished step or none.
/// </summary>
internal sealed class StepRunner(FileHashes hashes, string mark, TimeProvider time)
{
    public const string RecordName = "step.json";

    public const string LogName = "output.log";

    private const string AttemptPrefix = ".attempt-";

    /// <summary>Removes what killed runs left in a case's folder.</summary>
    public static void Sweep(string caseFolder)
    {
        foreach (var left in Directory.Exists(caseFolder) ? Directory.GetDirectories(caseFolder, $"{AttemptPrefix}*") : [])
        {
            Directory.Delete(left, recursive: true);
        }
    }

    /// <param name="run">What to run.</param>
    /// <param name="finish">Checks the output (its path is given), may write further files beside it and answers their names, the output's among them, and notes.</param>
    /// <returns>The record, and whether the step had to run.</returns>
    /// <exception cref="FederationException">BMF-1115, BMF-1116, BMF-1118 or BMF-1403; the failed attempt is kept as FOLDER.failed.</exception>
    public async Task<(StepRecord Record, bool Ran)> RunAsync(StepRun run, Func<string, (IReadOnlyList<string> Files, IReadOnlyList<string> Notes)> finish, CancellationToken cancellation)
    {
        var key = Key(run);
        if (Finished(run.Folder, key) is { } known)
        {
            return (known, false);
        }

        var failed = run.Folder + ".failed";
        DeleteFolder(run.Folder);
        DeleteFolder(failed);
        var attempt = Path.Combine(Path.GetDirectoryName(run.Folder)!, $"{AttemptPrefix}{Guid.NewGuid():N}");
        Directory.CreateDirectory(attempt);
        try
        {
            var record = await AttemptAsync(run, attempt, key, finish, cancellation);
            Directory.Move(attempt, run.Folder);
            DurableFile.SyncFolder(Path.GetDirectoryName(run.Folder)!);
            return (record, true);
        }
        catch (FederationException) when (Directory.Exists(attempt))
        {
            Directory.Move(attempt, failed);
            throw;
        }
        catch (OperationCanceledException) when (Directory.Exists(attempt))
        {
            Directory.Delete(attempt, recursive: true);
            throw;
        }
    }

    private async Task<StepRecord> AttemptAsync(
        StepRun run, string attempt, string key, Func<string, (IReadOnlyList<string> Files, IReadOnlyList<string> Notes)> finish, CancellationToken cancellation)
    {
        var output = Path.Combine(attempt, run.Step.Output);
        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        var values = new Dictionary<string, string>(run.Values, StringComparer.Ordinal) { [Placeholders.Folder] = attempt, [Placeholders.Out] = output };
        var arguments = run.Step.Arguments.Select(a => a.Fill(values)).ToArray();
        var started = time.GetTimestamp();
        var log = Path.Combine(attempt, LogName);
        var result = await run.Program.RunAsync(arguments, attempt, run.Step.Timeout, time, cancellation, new ProgramRun(log, mark));
        CheckExit(run, result);
        if (!File.Exists(output))
        {
            var others = Directory.GetFiles(attempt).Select(Path.GetFileName).Where(f => f != LogName).Order(StringComparer.Ordinal).ToArray();
            throw ErrorCatalogue.StepOutputInvalid.With(
                $"{run.Label}: {run.Step.Output} was not written{(others.Length > 0 ? $", but {string.Join(", ", others.Take(5))}" : "")}. {ExternalProgram.LastLines(result.Error.Length > 0 ? result.Error : result.Output)}");
        }

        var (files, notes) = finish(output);
        var record = new StepRecord
        {
            Key = key,
            Outputs = files.ToDictionary(f => f, f => FileHash.Of(Path.Combine(attempt, f)), StringComparer.Ordinal),
            Command = [run.Program.Path, .. arguments.Select(a => a.Replace(attempt, run.Folder, StringComparison.Ordinal))],
            ProgramVersion = run.Program.Version,
            Seconds = Math.Round(time.GetElapsedTime(started).TotalSeconds, 2),
            Notes = notes,
        };
        DurableFile.WriteAllText(Path.Combine(attempt, RecordName), CanonicalJson.ToReadable(record));
        return record;
    }

    private static void CheckExit(StepRun run, ProgramResult result)
    {
        if (result.ExitCode == 0)
        {
            return;
        }

        var last = ExternalProgram.LastLines(result.Error);
        last = last.Length > 0 ? last : ExternalProgram.LastLines(result.Output);
        if ((result.Error + result.Output).Contains("No space left on device", StringComparison.OrdinalIgnoreCase))
        {
            throw ErrorCatalogue.DiskFull.With($"{run.Label}: {Path.GetFileName(run.Program.Path)} could not write. {last}");
        }

        throw ErrorCatalogue.ProgramFailed.With(string.Create(CultureInfo.InvariantCulture, $"{run.Label}: {Path.GetFileName(run.Program.Path)} ended with exit code {result.ExitCode}. {last}"));
    }

    /// <summary>Anything that is not the record of this step with these bytes means that it has to run.</summary>
    private static StepRecord? Finished(string folder, string key)
    {
        var path = Path.Combine(folder, RecordName);
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            var record = CanonicalJson.Read<StepRecord>(File.ReadAllBytes(path));
            return record.Key == key && record.Outputs.All(o => File.Exists(Path.Combine(folder, o.Key)) && FileHash.Of(Path.Combine(folder, o.Key)) == o.Value) ? record : null;
        }
        catch (Exception e) when (e is FederationException or JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string Key(StepRun run)
    {
        var inputs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in run.Step.Arguments.SelectMany(a => a.Placeholders).Distinct(StringComparer.Ordinal))
        {
            if (Placeholders.Files.Contains(name))
            {
                inputs[$"{{{name}}}"] = hashes.Of(run.Values[name]);
            }
            else if (Placeholders.Names.Contains(name))
            {
                inputs[$"{{{name}}}"] = run.Values[name];
            }
        }

        foreach (var also in run.Also)
        {
            inputs[$"also {inputs.Count}"] = hashes.Of(also);
        }

        // A parameter file or a script that an argument names decides as much as the images do.
        var outside = new Dictionary<string, string>(run.Values, StringComparer.Ordinal) { [Placeholders.Folder] = "", [Placeholders.Out] = "" };
        foreach (var argument in run.Step.Arguments.Where(a => !a.Placeholders.Any(p => Placeholders.Files.Contains(p) || p is Placeholders.Folder or Placeholders.Out)))
        {
            if (argument.Fill(outside) is { } text && Path.IsPathRooted(text) && File.Exists(text))
            {
                inputs[argument.Text] = hashes.Of(text);
            }
        }

        return CanonicalJson.Hash(new StepIdentity
        {
            Version = StepIdentity.CurrentVersion,
            Kind = run.Step.Kind.ToString(),
            Program = Path.GetFileName(run.Program.Path),
            ProgramVersion = run.Program.Version,
            Arguments = [.. run.Step.Arguments.Select(a => a.Text)],
            Output = run.Step.Output,
            Gives = run.Step.Gives.ToString(),
            Refine = run.Step.Refine,
            Inputs = inputs,
        });
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
