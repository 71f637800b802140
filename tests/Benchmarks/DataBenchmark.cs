using System.Diagnostics;
using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>
/// Reading one .nii.gz and preparing it whole (RAS, spacing, centre crop, percentile scaling, centre crop), on one
/// thread, against the floor: <c>zcat FILE &gt; /dev/null</c>.
/// </summary>
internal static class DataBenchmark
{
    private const double Target = 3;

    /// <param name="file">A .nii.gz of one's own, or null.</param>
    /// <returns>False when the target is missed.</returns>
    public static bool Run(bool quick, string? file)
    {
        var folder = Directory.CreateTempSubdirectory("benchmarks-data-").FullName;
        try
        {
            var files = new List<(string Name, string Path)>();
            if (file is not null)
            {
                files.Add((Path.GetFileName(file), file));
            }
            else
            {
                files.Add(("stripped head, 240x240x155 int16", Make(folder, wholeHead: false)));
                files.Add(("whole head with noise, same size", Make(folder, wholeHead: true)));
            }

            Console.WriteLine("Read and prepare one volume on one thread, ms; floor: zcat to /dev/null");
            var table = new Table("file", "MB", "zcat ms", "ours ms", "ratio", "target", "zcat min", "ours min", "min ratio", "ours CPU");
            var passed = true;
            foreach (var (name, path) in files)
            {
                passed &= Row(table, name, path, quick ? 7 : 25);
            }

            return passed;
        }
        catch (FederationException e)
        {
            Console.WriteLine($"{e.Code.Id} {e.Message}");
            return false;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool Row(Table table, string name, string path, int repetitions)
    {
        var plan = Presets.Create(Presets.V1).Imaging;
        int? volume = NiftiReader.ReadInfo(path).Volumes > 1 ? 0 : null;
        var scanned = new ScannedCase("bench", new Dictionary<string, SeriesFile> { [Modalities.T1] = new(path, volume) });
        var before = Environment.CpuUsage.TotalTime;
        var processor = new List<double>();
        var times = Stopwatches.InTurns(
            repetitions,
            () => Unpack(path),
            () =>
            {
                before = Environment.CpuUsage.TotalTime;
                CasePreparer.Prepare(scanned, plan);
                processor.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
            });
        var (floor, ours) = (Stopwatches.Median(times[0]), Stopwatches.Median(times[1]));
        table.Row(
            name,
            Number(new FileInfo(path).Length / 1e6),
            Number(floor),
            Number(ours),
            Number(ours / floor, "F2"),
            "≤ " + Number(Target, "F0"),
            Number(times[0].Min()),
            Number(times[1].Min()),
            Number(times[1].Min() / times[0].Min(), "F2"),
            Number(Stopwatches.Median(processor)));
        return ours / floor <= Target;
    }

    private static void Unpack(string path) => Run("sh", "-c", "exec zcat \"$1\" > /dev/null", "sh", path);

    /// <summary>A phantom head as a scanner's converter leaves it: int16, axes towards L and P, packed at gzip's level 6.</summary>
    private static string Make(string folder, bool wholeHead)
    {
        var request = new PhantomRequest
        {
            Seed = 5,
            Site = "bench",
            Scanner = "north",
            Modalities = [Modalities.T1],
            Cases = 1,
            SpacingMm = 1,
            WholeHead = wholeHead,
        };
        var head = PhantomGenerator.Generate(request, 0).Volumes[Modalities.T1].Crop(new VoxelBox(0, 0, 0, 240, 240, 155));
        var (shape, voxels) = (head.Shape, new float[head.Voxels.Length]);
        for (var i = 0; i < shape.I; i++)
        {
            for (var j = 0; j < shape.J; j++)
            {
                head.Voxels.AsSpan(head.Index(i, j, 0), shape.K).CopyTo(voxels.AsSpan(head.Index(shape.I - 1 - i, shape.J - 1 - j, 0)));
            }
        }

        var affine = head.Affine * Affine.Scaling(-1, -1, 1, shape.I - 1, shape.J - 1);
        var path = Path.Combine(folder, wholeHead ? "whole.nii" : "stripped.nii");
        NiftiWriter.Write(path, new Volume(shape, affine, voxels), NiftiStorage.Int16);
        Run("gzip", "-6", "-n", path);
        return path + ".gz";
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments))!;
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill();
        }

        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw ErrorCatalogue.ProgramFailed.With($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }

    private static string Number(double value, string format = "F1") => value.ToString(format, CultureInfo.InvariantCulture);
}
