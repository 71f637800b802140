using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Imaging.Nifti;
using BrainMVP.Federated.Imaging.Phantom;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.External;

/// <summary>The atlas of a pipeline: its own, or the head made from the phantom.</summary>
/// <param name="Image">File with the whole head.</param>
/// <param name="Mask">File with its brain mask, on the same grid.</param>
/// <param name="Brain">File with the head without skull, on the same grid.</param>
internal sealed record Atlas(string Image, string Mask, string Brain)
{
    private sealed record Made(int Version, IReadOnlyDictionary<string, string> Files);

    /// <summary>Finds or makes the files.</summary>
    /// <param name="pipeline">Names its own atlas or none.</param>
    /// <param name="folder">Receives what is made.</param>
    /// <exception cref="FederationException">BMF-1117 when the pipeline's atlas cannot be used.</exception>
    public static Atlas Open(Pipeline pipeline, string folder, CancellationToken cancellation)
    {
        var atlas = new Atlas(
            pipeline.AtlasImage ?? Path.Combine(folder, "head.nii.gz"),
            pipeline.AtlasMask ?? Path.Combine(folder, "mask.nii.gz"),
            pipeline.AtlasBrain ?? Path.Combine(folder, "brain.nii.gz"));
        if (pipeline.AtlasImage is null)
        {
            atlas.MakeHead(folder, cancellation);
            return atlas;
        }

        atlas.Check(pipeline);
        if (pipeline.AtlasBrain is null)
        {
            NiftiWriter.Write(atlas.Brain, Product(NiftiReader.Read(atlas.Image), NiftiReader.Read(atlas.Mask)));
        }

        return atlas;
    }

    /// <summary>Voxels where the mask is above 0, else 0.</summary>
    public static Volume Product(Volume image, Volume mask)
    {
        var voxels = new float[image.Voxels.Length];
        for (var n = 0; n < voxels.Length; n++)
        {
            voxels[n] = mask.Voxels[n] > 0 ? image.Voxels[n] : 0;
        }

        return new Volume(image.Shape, image.Affine, voxels);
    }

    private void Check(Pipeline pipeline)
    {
        try
        {
            var image = NiftiReader.Read(Image);
            foreach (var path in (string[])[Mask, .. pipeline.AtlasBrain is null ? Array.Empty<string>() : [Brain]])
            {
                if (!NiftiReader.Read(path).SharesGridWith(image))
                {
                    throw ErrorCatalogue.PipelineInvalid.With($"{pipeline.Name}: {path} is not on the grid of {Image}.");
                }
            }
        }
        catch (FederationException e) when (e.Code != ErrorCatalogue.PipelineInvalid)
        {
            throw ErrorCatalogue.PipelineInvalid.With($"{pipeline.Name}: an atlas file cannot be used: {e.Code.Id} {e.Message}", e);
        }
    }

    private void MakeHead(string folder, CancellationToken cancellation)
    {
        var record = Path.Combine(folder, "atlas.json");
        string[] files = [Image, Mask, Brain];
        if (IsMade(record, files))
        {
            return;
        }

        var made = MeanHead.Generate(cancellation);
        NiftiWriter.Write(Image, made.Head);
        NiftiWriter.Write(Mask, made.Mask);
        NiftiWriter.Write(Brain, Product(made.Head, made.Mask));
        DurableFile.WriteAllText(record, CanonicalJson.ToReadable(new Made(MeanHead.Version, files.ToDictionary(f => Path.GetFileName(f), FileHash.Of, StringComparer.Ordinal))));
    }

    private static bool IsMade(string record, string[] files)
    {
        try
        {
            return File.Exists(record)
                && CanonicalJson.Read<Made>(File.ReadAllBytes(record)) is { Version: MeanHead.Version } made
                && files.All(f => File.Exists(f) && made.Files.GetValueOrDefault(Path.GetFileName(f)) == FileHash.Of(f));
        }
        catch (Exception e) when (e is FederationException or IOException)
        {
            return false;
        }
    }
}
