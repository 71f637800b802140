using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BrainMVP.Federated.Benchmarks.Federation;

/// <summary>What a TLS connection costs without anything else: a server process that takes bytes and forgets them.</summary>
internal sealed class RawTls : IDisposable
{
    /// <summary>Argument of the server process.</summary>
    public const string ChildCommand = "raw-tls-server";

    private const int BufferBytes = 256 * 1024;
    private readonly Process _server;
    private readonly int _port;

    private RawTls(Process server, int port)
    {
        (_server, _port) = (server, port);
    }

    public static RawTls Start()
    {
        var server = FreshProcess.Start(ChildCommand);
        return new RawTls(server, int.Parse(server.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture));
    }

    /// <summary>The server: accepts until its input ends.</summary>
    public static async Task ServeAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Console.WriteLine(((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture));
        _ = AcceptAsync();
        await Console.In.ReadToEndAsync();

        async Task AcceptAsync()
        {
            while (true)
            {
                _ = TakeAsync(await listener.AcceptTcpClientAsync());
            }
        }

        async Task TakeAsync(TcpClient client)
        {
            using var socket = client;
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(made);
            var buffer = new byte[BufferBytes];
            await stream.ReadExactlyAsync(buffer.AsMemory(0, sizeof(long)));
            for (var left = BitConverter.ToInt64(buffer); left > 0;)
            {
                left -= await stream.ReadAsync(buffer) is > 0 and var read ? read : left;
            }

            await stream.WriteAsync(new byte[1]);
        }
    }

    /// <summary>Sends a file and waits for the word that all of it was received.</summary>
    public async Task SendAsync(string path, long bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port);
#pragma warning disable CA5359 // The server is our own child; nothing but the speed matters.
        await using var stream = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await stream.AuthenticateAsClientAsync("127.0.0.1");
        await stream.WriteAsync(BitConverter.GetBytes(bytes));
        using var file = File.OpenHandle(path);
        var buffer = new byte[BufferBytes];
        for (long done = 0; done < bytes;)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - done)), done);
            await stream.WriteAsync(buffer.AsMemory(0, read));
            done += read;
        }

        await stream.ReadExactlyAsync(buffer.AsMemory(0, 1));
    }

    public void Dispose()
    {
        _server.StandardInput.Close();
        _server.Kill();
        _server.Dispose();
    }
}
