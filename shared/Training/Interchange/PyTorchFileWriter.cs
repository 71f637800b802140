using System.Globalization;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Training.Interchange;

/// <summary>
/// Writes checkpoints that <c>torch.load(weights_only=True)</c> of PyTorch 1.13 and newer opens. The bytes depend on
/// the tensors alone.
/// </summary>
public static class PyTorchFileWriter
{
    private const string Root = "archive/";

    /// <summary>Writes a file durably.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="tensors">State dictionary in its order; types F32 and I64.</param>
    /// <exception cref="FederationException">BMF-1006 when larger than 4 GiB, BMF-1403 when the disk is full.</exception>
    public static void WriteFile(string path, IReadOnlyList<TensorSource> tensors) => DurableFile.Write(path, stream => Write(stream, tensors));

    /// <param name="destination">A stream that can go back.</param>
    /// <param name="tensors">State dictionary in its order; types F32 and I64.</param>
    public static void Write(Stream destination, IReadOnlyList<TensorSource> tensors)
    {
        var archive = new ZipWriter(destination);
        Add(archive, "data.pkl", DescriptionWriter.Describe(tensors));
        Add(archive, "byteorder", "little"u8.ToArray());
        for (var i = 0; i < tensors.Count; i++)
        {
            var tensor = tensors[i];
            var bytes = tensor.Shape.Aggregate(1L, (a, b) => checked(a * b)) * TensorInfo.SizeOf(tensor.DataType);
            archive.Add(Root + "data/" + i.ToString(CultureInfo.InvariantCulture), bytes, tensor.Write);
        }

        Add(archive, "version", "3\n"u8.ToArray());
        archive.Finish();
    }

    private static void Add(ZipWriter archive, string name, byte[] content) => archive.Add(Root + name, content.Length, stream => stream.Write(content));
}
