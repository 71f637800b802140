using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Transforms;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>What the steps of a case found.</summary>
/// <param name="Reference">Modality that the others lie on.</param>
/// <param name="Series">By modality in canonical order: the volume on its own grid.</param>
/// <param name="ToSeries">By modality: points of the reference's world to points of the series' world.</param>
/// <param name="Mask">Brain on the reference's grid; null without a strip step.</param>
/// <param name="AtlasToReference">Points of the atlas to points of the reference's world; null without an atlas step.</param>
internal sealed record CaseSpace(
    string Reference, IReadOnlyDictionary<string, string> Series, IReadOnlyDictionary<string, Affine> ToSeries, Volume? Mask, Affine? AtlasToReference);

/// <summary>Runs the steps of a pipeline for one case, in order, each on what the steps before it left.</summary>
internal sealed class CaseSteps(
    Pipeline pipeline, IReadOnlyDictionary<string, ExternalProgram> programs, Atlas? atlas, string parameters, StepRunner runner, FileHashes hashes, Action<string> announce)
{
    private const string MaskName = "brain-mask.nii.gz";
    private const string BrainName = "brain.nii.gz";

    private readonly List<StepReport> _reports = [];
    private readonly List<string> _notes = [];

    public IReadOnlyList<StepReport> Reports => _reports;

    public IReadOnlyList<string> Notes => _notes;

    /// <param name="scanned">The case.</param>
    /// <param name="folder">Its working folder.</param>
    /// <exception cref="FederationException">11xx when the case cannot be used, BMF-1403 when the disk is full.</exception>
    public async Task<CaseSpace> RunAsync(ScannedCase scanned, string folder, CancellationToken cancellation)
    {
        var series = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var modality in Modalities.All.Where(scanned.Series.ContainsKey))
        {
            cancellation.ThrowIfCancellationRequested();
            var file = scanned.Series[modality];
            series[modality] = DicomInput.FolderOf(file.Path) is { } dicom
                ? await ConvertAsync(scanned, modality, dicom, folder, cancellation)
                : Input(file, modality, folder);
        }

        var reference = pipeline.ReferenceOf(series.Keys);
        var toSeries = series.Keys.ToDictionary(m => m, _ => Affine.Identity, StringComparer.Ordinal);
        (Volume Mask, string MaskPath, string BrainPath)? brain = null;
        Affine? atlasToReference = null;
        foreach (var (step, index) in pipeline.Steps.Select((s, n) => (s, n)))
        {
            var at = (Case: scanned, Step: step, Index: index, Folder: folder);
            switch (step.Kind)
            {
                case StepKind.Command:
                    foreach (var modality in series.Keys.Where(m => step.Modalities?.Contains(m) ?? true).ToArray())
                    {
                        series[modality] = await FilterAsync(at, modality, series[modality], series[reference], cancellation);
                    }

                    break;
                case StepKind.Register:
                    foreach (var modality in series.Keys.Where(m => m != reference).ToArray())
                    {
                        (series[modality], toSeries[modality]) = await RegisterAsync(at, modality, series[modality], series[reference], cancellation);
                    }

                    break;
                case StepKind.Strip:
                    brain = await StripAsync(at, reference, series, toSeries, cancellation);
                    break;
                case StepKind.Atlas:
                    atlasToReference = await AtlasAsync(at, series[reference], reference, brain, cancellation);
                    break;
            }
        }

        return new CaseSpace(reference, series, toSeries, brain?.Mask, atlasToReference);
    }

    /// <summary>
    /// Programs read headers in different ways where orientations disagree, and not all formats. They get a plain file
    /// with one volume, so that their transforms and this program mean the same millimetres.
    /// </summary>
    private static string Input(SeriesFile file, string modality, string folder)
    {
        var volume = NiftiReader.Read(file.Path, file.Volume);
        for (var n = 0; n < volume.Voxels.Length; n++)
        {
            if (!float.IsFinite(volume.Voxels[n]))
            {
                throw ErrorCatalogue.VolumeNotFinite.With(string.Create(CultureInfo.InvariantCulture, $"{modality} ({Path.GetFileName(file.Path)}) has the value {volume.Voxels[n]} at voxel index {n}."));
            }
        }

        var path = Path.Combine(folder, "input", $"{modality}.nii.gz");
        NiftiWriter.Write(path, volume);
        return path;
    }

    private async Task<string> ConvertAsync(ScannedCase scanned, string modality, string dicom, string folder, CancellationToken cancellation)
    {
        var step = pipeline.Steps.FirstOrDefault(s => s.Kind == StepKind.Convert)
            ?? throw ErrorCatalogue.DicomUnreadable.With($"{modality} is DICOM, and the pipeline {pipeline.Name} has no convert step.");
        var run = Run((scanned, step, 0, folder), modality, dicom, null, null);
        await DoAsync(run, output => Checked(step.Output, OutputCheck.Image(output, run.Label, null, step.NonZeroPercent)), cancellation);
        return Input(new SeriesFile(Path.Combine(run.Folder, step.Output)), modality, folder);
    }

    private async Task<string> FilterAsync((ScannedCase Case, PipelineStep Step, int Index, string Folder) at, string modality, string input, string reference, CancellationToken cancellation)
    {
        var run = Run(at, modality, input, reference, null);
        await DoAsync(run, output => Checked(at.Step.Output, OutputCheck.Image(output, run.Label, Grid.Of(NiftiReader.Read(input)), at.Step.NonZeroPercent)), cancellation);
        return Path.Combine(run.Folder, at.Step.Output);
    }

    private async Task<(string File, Affine ToSeries)> RegisterAsync(
        (ScannedCase Case, PipelineStep Step, int Index, string Folder) at, string modality, string input, string reference, CancellationToken cancellation)
    {
        var run = Run(at, modality, input, reference, null);
        var output = Path.Combine(run.Folder, at.Step.Output);
        if (at.Step.Gives == StepResult.Image)
        {
            await DoAsync(run, path => Checked(at.Step.Output, OutputCheck.Image(path, run.Label, Grid.Of(NiftiReader.Read(reference)), at.Step.NonZeroPercent)), cancellation);
            return (output, Affine.Identity);
        }

        await DoAsync(run, path => Checked(at.Step.Output, OutputCheck.Transform(path, run.Label)), cancellation);
        return (input, OutputCheck.Transform(output, run.Label));
    }

    private async Task<(Volume, string, string)> StripAsync(
        (ScannedCase Case, PipelineStep Step, int Index, string Folder) at, string reference, Dictionary<string, string> series, Dictionary<string, Affine> toSeries, CancellationToken cancellation)
    {
        var seen = at.Step.Refine ? series.Where(s => BrainMaskRefinement.Uses(s.Key)).ToArray() : [];
        var run = Run(at, reference, series[reference], series[reference], null) with
        {
            Also =
            [
                .. seen.Select(s => s.Value),
                .. seen.Select(s => s.Key).Where(m => m != reference).Select(m => TransformOf(at.Folder, m)).OfType<string>(),
                .. at.Step.Gives == StepResult.Transform ? [atlas!.Mask] : Array.Empty<string>(),
            ],
        };
        await DoAsync(
            run,
            output =>
            {
                var image = NiftiReader.Read(series[reference]);
                var (mask, notes) = MaskOf(at.Step, output, run.Label, image, seen, toSeries);
                var folder = Path.GetDirectoryName(output)!;
                CheckShare(mask, at.Step, run.Label);
                NiftiWriter.Write(Path.Combine(folder, MaskName), mask);
                NiftiWriter.Write(Path.Combine(folder, BrainName), Atlas.Product(image, mask));
                return ([.. new[] { at.Step.Output, MaskName, BrainName }.Distinct(StringComparer.Ordinal)], notes);
            },
            cancellation);
        var (maskPath, brainPath) = (Path.Combine(run.Folder, MaskName), Path.Combine(run.Folder, BrainName));
        return (NiftiReader.Read(maskPath), maskPath, brainPath);
    }

    private (Volume Mask, IReadOnlyList<string> Notes) MaskOf(
        PipelineStep step, string output, string label, Volume image, KeyValuePair<string, string>[] seen, Dictionary<string, Affine> toSeries)
    {
        var grid = Grid.Of(image);
        if (step is { Gives: StepResult.Transform } or { Refine: true })
        {
            var fine = BrainMaskRefinement.GridOf(image);
            var coarse = step.Gives == StepResult.Transform
                ? Carry.Mask(NiftiReader.Read(atlas!.Mask), fine, OutputCheck.Transform(output, label))
                : Carry.Mask(Given(step, output, label, grid), fine, Affine.Identity);
            var refined = step.Refine
                ? BrainMaskRefinement.Refine(coarse, seen.ToDictionary(s => s.Key, s => Carry.Linear(NiftiReader.Read(s.Value), fine, toSeries[s.Key]), StringComparer.Ordinal))
                : null;
            IReadOnlyList<string> notes = step.Refine && refined is null ? [$"{label}: the images did not allow to refine the brain mask; the atlas mask is used as it is."] : [];
            return (Carry.Mask(refined ?? coarse, grid, Affine.Identity), notes);
        }

        return (Given(step, output, label, grid), []);
    }

    private static Volume Given(PipelineStep step, string output, string label, Grid grid)
    {
        if (step.Gives == StepResult.Mask)
        {
            return OutputCheck.Mask(output, label, grid, step.NonZeroPercent);
        }

        var image = OutputCheck.Image(output, label, grid, step.NonZeroPercent);
        return new Volume(image.Shape, image.Affine, Array.ConvertAll(image.Voxels, v => v != 0 ? 1f : 0f));
    }

    private static void CheckShare(Volume mask, PipelineStep step, string label)
    {
        var (least, greatest) = step.NonZeroPercent ?? (5, 60);
        var percent = 100.0 * mask.Voxels.Count(v => v > 0) / mask.Voxels.Length;
        if (percent < least || percent > greatest)
        {
            throw ErrorCatalogue.StepOutputInvalid.With(
                string.Create(CultureInfo.InvariantCulture, $"{label}: the brain mask fills {percent:F1} % of the field of view; expected are {least:0.##} to {greatest:0.##} %."));
        }
    }

    private async Task<Affine> AtlasAsync(
        (ScannedCase Case, PipelineStep Step, int Index, string Folder) at, string input, string modality, (Volume Mask, string MaskPath, string BrainPath)? brain, CancellationToken cancellation)
    {
        var run = Run(at, modality, input, input, brain);
        await DoAsync(run, output => Checked(at.Step.Output, OutputCheck.Transform(output, run.Label)), cancellation);
        return OutputCheck.Transform(Path.Combine(run.Folder, at.Step.Output), run.Label);
    }

    private static (IReadOnlyList<string>, IReadOnlyList<string>) Checked<T>(string output, T checkedOutput) => ([output], checkedOutput is null ? [] : []);

    private StepRun Run(
        (ScannedCase Case, PipelineStep Step, int Index, string Folder) at, string modality, string input, string? reference, (Volume Mask, string MaskPath, string BrainPath)? brain)
    {
        var each = at.Step.Kind is StepKind.Convert or StepKind.Command or StepKind.Register;
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Placeholders.In] = input,
            [Placeholders.Ref] = reference ?? "",
            [Placeholders.Case] = SafeName.Of(at.Case.Name),
            [Placeholders.Modality] = modality,
            [Placeholders.Threads] = pipeline.Threads.ToString(CultureInfo.InvariantCulture),
            [Placeholders.Parameters] = parameters,
            [Placeholders.Pipeline] = pipeline.Folder ?? "",
            [Placeholders.Mask] = brain?.MaskPath ?? "",
            [Placeholders.Brain] = brain?.BrainPath ?? "",
            [Placeholders.AtlasImage] = atlas?.Image ?? "",
            [Placeholders.AtlasMask] = atlas?.Mask ?? "",
            [Placeholders.AtlasBrain] = atlas?.Brain ?? "",
        };
        var folder = Path.Combine(at.Folder, FolderName(at.Index, at.Step, each ? modality : null));
        return new StepRun(at.Step, programs[at.Step.Program.Name], folder, each ? $"{at.Step.Name} {modality}" : at.Step.Name, values, []);
    }

    private static string FolderName(int index, PipelineStep step, string? modality) =>
        string.Create(CultureInfo.InvariantCulture, $"step-{index + 1:D2}-{step.Name}{(modality is null ? "" : $"-{modality}")}");

    /// <summary>File with the transform of a registered series; null when the registration gave an image.</summary>
    private string? TransformOf(string folder, string modality)
    {
        var index = pipeline.Steps.ToList().FindIndex(s => s is { Kind: StepKind.Register, Gives: StepResult.Transform });
        return index < 0 ? null : Path.Combine(folder, FolderName(index, pipeline.Steps[index], modality), pipeline.Steps[index].Output);
    }

    private async Task DoAsync(StepRun run, Func<string, (IReadOnlyList<string>, IReadOnlyList<string>)> finish, CancellationToken cancellation)
    {
        announce(run.Label);
        try
        {
            var (record, ran) = await runner.RunAsync(run, finish, cancellation);
            _notes.AddRange(record.Notes);
            _reports.Add(new StepReport(run.Label, ran ? "ran" : "reused", record.Seconds, Path.GetFileName(run.Program.Path), record.ProgramVersion));
        }
        catch (FederationException e)
        {
            _reports.Add(new StepReport(run.Label, "failed", 0, Path.GetFileName(run.Program.Path), run.Program.Version, $"{e.Code.Id} {e.Message}"));
            throw;
        }
    }

    /// <summary>SHA-256 of everything that decides the volumes of a case.</summary>
    public string Key(ScannedCase scanned)
    {
        var text = new StringBuilder(FormattableString.Invariant($"{StepIdentity.CurrentVersion}\n{pipeline.MinimumOverlap}\n{scanned.Name}\n{pipeline.ReferenceOf([.. scanned.Series.Keys])}\n"));
        foreach (var step in pipeline.Steps)
        {
            var program = programs.GetValueOrDefault(step.Program.Name);
            text.Append(CultureInfo.InvariantCulture, $"{step.Name} {step.Kind} {program?.Version} {step.Output} {step.Gives} {step.Refine} {step.NonZeroPercent} {string.Join(' ', step.Modalities ?? [])}\n");
            foreach (var argument in step.Arguments)
            {
                var literal = argument.Placeholders.All(p => p is Placeholders.Parameters or Placeholders.Pipeline)
                    ? argument.Fill(new Dictionary<string, string>(StringComparer.Ordinal) { [Placeholders.Parameters] = parameters, [Placeholders.Pipeline] = pipeline.Folder ?? "" })
                    : "";
                text.Append(argument.Text).Append(' ').Append(Path.IsPathRooted(literal) && File.Exists(literal) ? hashes.Of(literal) : "").Append('\n');
            }
        }

        foreach (var (name, file) in scanned.Series.OrderBy(s => Modalities.IndexOf(s.Key)).Select(s => (s.Key, (SeriesFile?)s.Value)).Append((ManifestRow.Segmentation, scanned.Segmentation)))
        {
            text.Append(name).Append(' ').Append(file?.Volume).Append(' ').Append(file is null ? "" : string.Join(' ', FilesOf(file.Path).Select(hashes.Of))).Append('\n');
        }

        foreach (var file in atlas is null ? Array.Empty<string>() : [atlas.Image, atlas.Mask, atlas.Brain])
        {
            text.Append(hashes.Of(file)).Append('\n');
        }

        return Contracts.Json.CanonicalJson.Hash(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>The file, and the voxels beside a header file or the DICOM folder around it.</summary>
    private static IEnumerable<string> FilesOf(string path)
    {
        if (DicomInput.FolderOf(path) is { } dicom)
        {
            return [dicom];
        }

        var image = Path.ChangeExtension(path, ".img");
        return path.EndsWith(".hdr", StringComparison.OrdinalIgnoreCase) && File.Exists(image) ? [path, image] : [path];
    }
}
