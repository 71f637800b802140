using BrainMVP.Federated.Contracts.Storage;
using BrainMVP.Federated.Contracts.V1;
using Google.Protobuf;

namespace BrainMVP.Federated.SiteAgent.Rounds;

/// <summary>
/// A document and its signature beside it: <c>name.json</c> and <c>name.json.p7s</c>, checkable with
/// <c>openssl cms -verify</c>. The signature is written first, so a document that is there has its signature.
/// </summary>
public static class SignedFile
{
    public static void Save(string path, SignedDocument document)
    {
        DurableFile.WriteAllBytes(path + ".p7s", document.Signature.Memory);
        DurableFile.WriteAllBytes(path, document.Content.Memory);
    }

    public static bool Exists(string path) => File.Exists(path);

    public static SignedDocument Load(string path) => new()
    {
        Content = ByteString.CopyFrom(File.ReadAllBytes(path)),
        Signature = ByteString.CopyFrom(File.ReadAllBytes(path + ".p7s")),
    };
}
