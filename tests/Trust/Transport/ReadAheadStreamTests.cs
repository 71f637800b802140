using System.Net;
using System.Net.Sockets;
using BrainMVP.Federated.Trust.Transport;

namespace BrainMVP.Federated.Trust.Tests.Transport;

/// <summary>A real connection read through the stream.</summary>
public sealed class ReadAheadStreamTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_come_in_their_order_whatever_the_sizes_of_reads(bool asynchronous)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, _cancellation);
        using var server = await listener.AcceptTcpClientAsync(_cancellation);
        var sent = new byte[1_500_000];
        for (var n = 0; n < sent.Length; n++)
        {
            sent[n] = (byte)((n * 31) ^ (n >> 8));
        }

        var sending = SendAsync(server, sent);
        await using var stream = new ReadAheadStream(client.GetStream());
        var (received, buffer) = (new MemoryStream(), new byte[300_000]);
        int[] sizes = [0, 1, 5, 16_384, 16_413, 131_072, 300_000, 7];
        for (var turn = 0; received.Length < sent.Length; turn++)
        {
            var size = sizes[turn % sizes.Length];
            var read = asynchronous ? await stream.ReadAsync(buffer.AsMemory(0, size), _cancellation) : stream.Read(buffer.AsSpan(0, size));
            Assert.InRange(read, size == 0 ? 0 : 1, size);
            received.Write(buffer, 0, read);
        }

        await sending;
        Assert.Equal(sent, received.ToArray());
        Assert.Equal(0, await stream.ReadAsync(buffer, _cancellation));
        Assert.Equal(0, await stream.ReadAsync(buffer.AsMemory(0, 10), _cancellation));
    }

    [Fact]
    public async Task What_is_written_goes_to_the_connection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, _cancellation);
        using var server = await listener.AcceptTcpClientAsync(_cancellation);
        await using var stream = new ReadAheadStream(client.GetStream());
        await stream.WriteAsync(new byte[] { 1, 2, 3 }, _cancellation);
        stream.Write([4, 5]);
        await stream.FlushAsync(_cancellation);
        var buffer = new byte[5];
        await server.GetStream().ReadExactlyAsync(buffer, _cancellation);
        Assert.Equal([1, 2, 3, 4, 5], buffer);
    }

    private async Task SendAsync(TcpClient server, byte[] bytes)
    {
        var stream = server.GetStream();
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(bytes.Length - at, 1 + (at % 70_000));
            await stream.WriteAsync(bytes.AsMemory(at, count), _cancellation);
            at += count;
        }

        server.Client.Shutdown(SocketShutdown.Send);
    }
}
