using BrainMVP.Federated.Aggregator.Artifacts;

namespace BrainMVP.Federated.Aggregator.Rounds;

/// <summary>Data of a round that is not needed after its commit.</summary>
/// <param name="uploads">Encoded updates.</param>
/// <param name="sums">Shard sums.</param>
/// <param name="shards">Shards of a sum; any number gives the same bits.</param>
public sealed class RoundScratch(UploadStore uploads, SumStore sums, int shards)
{
    public int Shards => shards;

    public void Delete(RoundKey round)
    {
        uploads.Delete(round);
        sums.Delete(round);
    }
}
