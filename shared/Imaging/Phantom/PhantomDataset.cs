using System.Runtime.ExceptionServices;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Phantom.Output;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>A person that is on the disk.</summary>
/// <param name="Subject">SITE-0001.</param>
/// <param name="Done">People so far, in order.</param>
/// <param name="Of">People wanted.</param>
public readonly record struct PhantomProgress(string Subject, int Done, int Of);

/// <summary>Writes phantom cases as the tree of a layout.</summary>
public static class PhantomDataset
{
    /// <param name="folder">Created when missing.</param>
    /// <param name="request">What to generate.</param>
    /// <param name="output">How to write it; a folder per subject when null.</param>
    /// <param name="progress">Receives each person in order, once all before are finished too.</param>
    /// <returns>Subjects in order, as the generator names them.</returns>
    /// <exception cref="Contracts.Errors.FederationException">BMF-1006 or BMF-1007 for what does not fit, BMF-1403 when the disk is full.</exception>
    /// <exception cref="IOException">The folder or the montage cannot be written.</exception>
    public static IReadOnlyList<string> Write(string folder, PhantomRequest request, PhantomOutput? output = null, IProgress<PhantomProgress>? progress = null, CancellationToken cancellation = default)
    {
        output ??= new PhantomOutput();
        output.Check(request);
        var layout = PhantomLayouts.Find(output.Layout);

        // A place that cannot be written to is known before hours of work.
        Directory.CreateDirectory(folder);
        if (output.Montage is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output.Montage))!);
        }

        var cases = new WrittenCase?[request.Cases];
        var montage = output.Montage is null ? null : new PhantomMontage(request);
        var reported = 0;
        void One(int number)
        {
            cancellation.ThrowIfCancellationRequested();
            var made = PhantomGenerator.Generate(request, number);
            var written = Write(folder, layout, made, number, request, output);
            montage?.Add(number, made);
            lock (cases)
            {
                cases[number] = written;
                for (; reported < cases.Length && cases[reported] is { } next; reported++)
                {
                    progress?.Report(new PhantomProgress(next.Subject, reported + 1, cases.Length));
                }
            }
        }

        try
        {
            Parallel.For(0, request.Cases, new ParallelOptions { MaxDegreeOfParallelism = output.Jobs }, One);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        var all = cases.OfType<WrittenCase>().ToArray();
        foreach (var document in layout.Documents(all, request, output))
        {
            WriteText(folder, document);
        }

        if (output.Classes && layout is FolderOutput)
        {
            ManifestWriter.Write(Path.Combine(folder, "manifest.csv"), all.SelectMany(c => Rows(folder, c)));
        }

        if (montage is not null)
        {
            DurableFile.WriteAllBytes(output.Montage!, montage.ToPng());
        }

        return [.. all.Select(c => c.Subject)];
    }

    private static WrittenCase Write(string folder, OutputLayout layout, PhantomCase made, int number, PhantomRequest request, PhantomOutput output)
    {
        var labels = output.Labels && request.Disease != PhantomDisease.None;
        foreach (var file in layout.Files(made, number, labels))
        {
            PhantomFiles.Write(folder, file);
        }

        foreach (var text in layout.Texts(made, number, request))
        {
            WriteText(folder, text);
        }

        return new WrittenCase(made.Subject, number, made.Class, [.. made.Volumes.Keys.OrderBy(Modalities.IndexOf)], labels);
    }

    private static void WriteText(string folder, OutputText text) => DurableFile.WriteAllText(Path.Combine([folder, .. text.Path.Split('/')]), text.Text);

    private static IEnumerable<ManifestRow> Rows(string folder, WrittenCase one)
    {
        foreach (var modality in one.Modalities)
        {
            yield return Row(modality, modality.ToUpperInvariant());
        }

        if (one.HasLabels)
        {
            yield return Row(ManifestRow.Segmentation, "seg");
        }

        ManifestRow Row(string modality, string word) =>
            new(one.Subject, "", modality, new SeriesFile(Path.GetFullPath(Path.Combine(folder, FolderOutput.PathOf(one.Subject, word)))), SeriesStatus.Accepted, "") { Class = one.Class };
    }
}
