using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Contracts.Tensors;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>A prepared case as a safetensors file: one F32 tensor [I, J, K] a modality, subject and notes as metadata.</summary>
internal static class CaseFile
{
    public static void Write(string path, PreparedCase prepared)
    {
        long[] shape = [prepared.Shape.I, prepared.Shape.J, prepared.Shape.K];
        SafetensorsWriter.WriteFile(
            path,
            prepared.Modalities.Select((m, n) => TensorSource.Floats(m, shape, prepared.Channels[n])),
            new Dictionary<string, string>
            {
                ["subject"] = prepared.Subject,
                ["notes"] = JsonSerializer.Serialize(prepared.Notes),
                ["transform"] = CasePreparer.TransformVersion.ToString(CultureInfo.InvariantCulture),
            });
    }

    /// <summary>Reads a case.</summary>
    /// <exception cref="FederationException">BMF-1405 or BMF-1406 when the file is damaged.</exception>
    public static PreparedCase Read(string path)
    {
        using var reader = new SafetensorsReader(path);
        var modalities = Modalities.All.Where(reader.Tensors.ContainsKey).ToArray();
        var shapes = reader.Tensors.Values.Select(t => t.Shape).ToArray();
        if (modalities.Length == 0 || modalities.Length != reader.Tensors.Count || shapes.Any(s => s.Count != 3 || !s.SequenceEqual(shapes[0])))
        {
            throw ErrorCatalogue.SafetensorsInvalid.With($"{path} is not a prepared case.");
        }

        var shape = new VolumeShape(checked((int)shapes[0][0]), checked((int)shapes[0][1]), checked((int)shapes[0][2]));
        string[] notes;
        try
        {
            notes = reader.Metadata.TryGetValue("notes", out var json) ? JsonSerializer.Deserialize<string[]>(json) ?? [] : [];
        }
        catch (JsonException e)
        {
            throw ErrorCatalogue.SafetensorsInvalid.With($"{path} has unreadable notes.", e);
        }

        return new PreparedCase(reader.Metadata.GetValueOrDefault("subject", ""), modalities, shape, [.. modalities.Select(reader.ReadFloats)], notes);
    }

    /// <summary>Lower-case hexadecimal SHA-256 of a file's bytes.</summary>
    public static string Hash(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
