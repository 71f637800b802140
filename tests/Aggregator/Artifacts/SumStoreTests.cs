using BrainMVP.Federated.Aggregator.Artifacts;
using BrainMVP.Federated.Contracts.Errors;
using CsCheck;

namespace BrainMVP.Federated.Aggregator.Tests.Artifacts;

public sealed class SumStoreTests : IDisposable
{
    private static readonly RoundKey Key = new("run", 1, 1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sums_are_read_as_one_stream_across_shards_of_any_size_even_empty_ones() => Gen.Select(Gen.Int[0, 9].Array[1, 8], Gen.Int[0, 80], Gen.Int[0, 80]).Sample(
        (sizes, from, length) =>
        {
            var store = new SumStore(_folder[Guid.NewGuid().ToString("N")]);
            byte next = 0;
            for (var shard = 0; shard < sizes.Length; shard++)
            {
                store.Write(Key, shard, sizes.Length, s =>
                {
                    for (var i = 0; i < sizes[shard]; i++)
                    {
                        s.WriteByte(next++);
                    }
                });
                Assert.True(store.Exists(Key, shard, sizes.Length));
            }

            var buffer = new byte[length];
            var source = store.Source(Key, sizes.Length);
            if (length == 0 || from + length <= sizes.Sum())
            {
                source.Read(from, buffer);
                Assert.Equal(Enumerable.Range(from, length).Select(i => (byte)i), buffer);
            }
            else
            {
                Fails.With(ErrorCatalogue.ArtifactCorrupt, () => source.Read(from, buffer));
            }
        },
        iter: 60);

    [Fact]
    public void Another_number_of_shards_is_another_sum()
    {
        var store = new SumStore(_folder.Path);
        store.Write(Key, 0, 1, s => s.WriteByte(1));
        Assert.False(store.Exists(Key, 0, 2));
        store.Delete(Key);
        Assert.False(store.Exists(Key, 0, 1));
    }
}
