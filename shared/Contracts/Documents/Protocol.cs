namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>Constants of the wire.</summary>
public static class Protocol
{
    /// <summary>
    /// Newest version of the documents and services that this program speaks. 2 brought plan fields that change what sites
    /// and aggregator do, 3 supervised tasks; a run that uses none of them is of version 1.
    /// </summary>
    public const int Version = 3;

    /// <summary>Oldest version that this program speaks.</summary>
    public const int OldestVersion = 1;

    /// <summary>Bytes of one content-addressed update chunk; only the last chunk of an update is shorter.</summary>
    public const int UpdateChunkBytes = 4 << 20;

    /// <summary>Bytes of one gRPC data message. 64 KiB stays off the large-object heap.</summary>
    public const int MessageBytes = 64 * 1024;

    /// <summary>Whether this program can work with a side, or with a run, of that version.</summary>
    public static bool Speaks(int version) => version is >= OldestVersion and <= Version;
}
