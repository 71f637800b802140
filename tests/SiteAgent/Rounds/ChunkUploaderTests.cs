using BrainMVP.Federated.SiteAgent.Rounds;
using CsCheck;

namespace BrainMVP.Federated.SiteAgent.Tests.Rounds;

public sealed class ChunkUploaderTests
{
    [Fact]
    public void Every_missing_chunk_goes_into_exactly_one_stream_in_order() => Gen.Int[0, 9999].Array[1, 300].Sample(
        drawn =>
        {
            var missing = drawn.Distinct().Order().ToArray();
            var streams = ChunkUploader.Deal(missing);
            Assert.Equal(missing, streams.SelectMany(s => s));
            Assert.InRange(streams.Count, 1, ChunkUploader.MostStreams);
            Assert.All(streams, s => Assert.True(streams.Count == 1 || s.Length >= ChunkUploader.ChunksPerStream));
        },
        iter: 500);

    [Fact]
    public void A_small_update_has_one_stream_and_a_large_one_several()
    {
        Assert.Single(ChunkUploader.Deal([.. Enumerable.Range(0, 3)]));
        Assert.Equal(ChunkUploader.MostStreams, ChunkUploader.Deal([.. Enumerable.Range(0, 24)]).Count);
    }
}
