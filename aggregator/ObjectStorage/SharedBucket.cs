using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Storage;

namespace BrainMVP.Federated.Aggregator.ObjectStorage;

/// <summary>Takes a bucket into use at a process's start.</summary>
public static class SharedBucket
{
    private const string Owner = "consortium";

    /// <summary>Checks that the bucket is this consortium's and brings into it, the first time, what the folder had before.</summary>
    /// <param name="objects">The bucket.</param>
    /// <param name="consortium">Fingerprint of the consortium's certificate authority.</param>
    /// <param name="marker">File that remembers which bucket has everything.</param>
    /// <param name="location">The bucket's address.</param>
    /// <param name="artifacts">Artifacts of the folder.</param>
    /// <param name="documents">Documents of the folder.</param>
    /// <exception cref="FederationException">BMF-1409 when the bucket belongs to another consortium.</exception>
    public static void Join(IObjectStore objects, string consortium, string marker, string location, ArtifactStore artifacts, DocumentStore documents)
    {
        if (objects.TryGet(Owner) is { } owner)
        {
            if (System.Text.Encoding.UTF8.GetString(owner) != consortium)
            {
                throw ErrorCatalogue.BucketUnusable.With($"{location} belongs to another consortium; give this one a bucket or a prefix of its own.");
            }
        }
        else
        {
            objects.Put(Owner, System.Text.Encoding.UTF8.GetBytes(consortium));
        }

        if (!File.Exists(marker) || File.ReadAllText(marker) != location)
        {
            artifacts.Share();
            documents.Share();
            DurableFile.WriteAllText(marker, location);
        }
    }
}
