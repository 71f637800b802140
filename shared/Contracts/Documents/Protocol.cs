namespace BrainMVP.Federated.Contracts.Documents;

/// <summary>Constants of the wire.</summary>
public static class Protocol
{
    /// <summary>Version of the documents and services; part of every round context.</summary>
    public const int Version = 1;

    /// <summary>Bytes of one content-addressed update chunk; only the last chunk of an update is shorter.</summary>
    public const int UpdateChunkBytes = 4 << 20;

    /// <summary>Bytes of one gRPC data message. 64 KiB stays off the large-object heap.</summary>
    public const int MessageBytes = 64 * 1024;
}
