using System.Net;
using BrainMVP.Federated.Aggregator.Collection;
using BrainMVP.Federated.Aggregator.ObjectStorage;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>How an aggregator process is started.</summary>
/// <param name="Folder">State, artifacts, trust.</param>
/// <param name="Address">Address that sites and administrators dial.</param>
/// <param name="Port">Its port; 0 takes a free one and writes it to the address file.</param>
/// <param name="Shards">Shards of a sum, 1..256; any number gives the same bits.</param>
/// <param name="SiteMegabits">Most bandwidth of one site in each direction at this process, megabits a second; 0 does not limit.</param>
/// <param name="Silo">Place in a cluster of several processes; null for one process with an embedded database.</param>
/// <param name="Bucket">Object store behind the folder; null for the folder alone.</param>
/// <param name="Retention">Models of earlier rounds that stay.</param>
public sealed record AggregatorOptions(AggregatorFolder Folder, IPAddress Address, int Port, int Shards, RetentionPolicy Retention, int SiteMegabits = 0, SiloPlace? Silo = null, S3Location? Bucket = null);
