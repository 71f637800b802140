using System.Globalization;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Randomness;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Preparation;
using BrainMVP.Federated.Imaging.Volumes;
using BrainMVP.Federated.Training.Data;

namespace BrainMVP.Federated.Benchmarks;

/// <summary>
/// Random 96³ crops of four modalities of one case, on one thread: from the mapped case file, and from float32 arrays
/// in memory. The case is a whole phantom head at 1 mm, with the background around it as in an image that was not
/// stripped: more is stored of it than of a stripped brain.
/// </summary>
internal static class CropBenchmark
{
    private const double TargetMilliseconds = 5;
    private static readonly int[] Crop = [96, 96, 96];
    private static readonly string[] Names = ["t1", "t1c", "t2", "flair"];

    /// <returns>False when the target is missed.</returns>
    public static bool Run(bool quick)
    {
        var folder = Directory.CreateTempSubdirectory("benchmarks-crop-").FullName;
        try
        {
            var prepared = Prepare(folder);
            Console.WriteLine($"Crops of 96³ × {prepared.Modalities.Count} modalities of a case of {prepared.Shape}, warm, ms");
            return Measure(folder, prepared, quick ? 200 : 1000);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static PreparedCase Prepare(string folder)
    {
        var source = Path.Combine(folder, "volumes");
        PhantomDataset.Write(source, new PhantomRequest { Seed = 5, Site = "bench", Scanner = "north", Modalities = Names, Cases = 1, SpacingMm = 1 });
        return CasePreparer.Prepare(DatasetScanner.Scan(source).Cases[0], new ImagingPlan());
    }

    private static bool Measure(string folder, PreparedCase prepared, int crops)
    {
        // The size that is used comes last and is the one that counts.
        VolumeShape[] sides = [new(16, 16, 16), new(64, 64, 64), new(8, 32, 64), new(16, 32, 256), CaseHeader.DefaultSide];
        var table = new Table("from", "median", "p95", "least", "first touch", "file / float32", "target");
        var memory = prepared.Channels.Select(c => new MemoryVolume([prepared.Shape.I, prepared.Shape.J, prepared.Shape.K], c)).ToArray();
        var destination = new float[prepared.Channels.Count][];
        for (var n = 0; n < destination.Length; n++)
        {
            destination[n] = new float[Crop[0] * Crop[1] * Crop[2]];
        }

        var bytes = prepared.Shape.Count * sizeof(float) * prepared.Channels.Count;
        var passed = false;
        foreach (var side in sides)
        {
            var path = Path.Combine(folder, "crop.case");
            CaseFileWriter.Write(path, new string('0', 64), prepared, side);
            using var file = CaseFile.Open(path);
            var cold = Stopwatches.Milliseconds(() => file.Verify());
            var random = new CounterRandom(1, "crops");
            var (fromFile, fromMemory) = (new double[crops], new double[crops]);
            for (var n = 0; n < crops; n++)
            {
                // In turns at the same place, so that what else the machine does hits both.
                var start = CropSampler.Draw([prepared.Shape.I, prepared.Shape.J, prepared.Shape.K], Crop, random);
                fromFile[n] = Stopwatches.Milliseconds(() => Each(m => file.Copy(m, start, Crop, destination[m])));
                fromMemory[n] = Stopwatches.Milliseconds(() => Each(m => memory[m].Copy(start, Crop, destination[m])));
            }

            var isUsed = side == CaseHeader.DefaultSide;
            Row($"file, chunks of {side}", fromFile, $"{Text(cold)} ms", Text(new FileInfo(path).Length / (double)bytes), isUsed ? "≤ 5" : "");
            if (isUsed)
            {
                Row("float32 arrays", fromMemory, "", Text(1), "");
                Console.WriteLine($"  First touch is the verification of the whole file of {new FileInfo(path).Length / (1024 * 1024)} MiB, read from the page cache.");
                Console.WriteLine($"  Largest change of a value by the 16-bit numbers: {LargestError(file, prepared).ToString("E2", CultureInfo.InvariantCulture)}");
                passed = Stopwatches.Median(fromFile) <= TargetMilliseconds;
            }
        }

        return passed;

        void Each(Action<int> copy)
        {
            for (var m = 0; m < prepared.Modalities.Count; m++)
            {
                copy(m);
            }
        }

        void Row(string name, double[] times, string cold, string size, string target) =>
            table.Row(name, Text(Stopwatches.Median(times)), Text(times.Order().ElementAt(times.Length * 95 / 100)), Text(times.Min()), cold, size, target);
    }

    private static double LargestError(CaseFile file, PreparedCase prepared) => Enumerable.Range(0, prepared.Modalities.Count)
        .Max(m => file.Read(m).Zip(prepared.Channels[m], (stored, value) => (double)Math.Abs(stored - value)).Max());

    private static string Text(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
