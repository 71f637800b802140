using System.Text;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Trust.Audit;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace BrainMVP.Federated.Trust.Tests.Audit;

public sealed class AuditLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("audit-").FullName;
    private readonly FakeTimeProvider _time = new(Consortium.Start);

    private string Path => System.IO.Path.Combine(_folder, "audit.jsonl");

    [Fact]
    public void The_chain_goes_on_after_opening_again()
    {
        string head;
        using (var log = AuditLog.Open(Path, _time))
        {
            Assert.Equal(AuditLog.EmptyHead, log.Head);
            log.Append("site.enrolled", "north");
            head = log.Append("round.committed", "run-1", new Dictionary<string, string> { ["round"] = "1", ["note"] = "line\nbreak" });
        }

        using (var log = AuditLog.Open(Path, _time))
        {
            Assert.Equal((head, 2), (log.Head, log.Count));
            head = log.Append("round.committed", "run-1");
        }

        Assert.Equal(new AuditVerification(3, head, -1), AuditLog.Verify(Path));
    }

    [Fact]
    public void Any_changed_byte_is_found_and_the_right_record_named()
    {
        Write(12);
        var original = File.ReadAllBytes(Path);
        var lineOf = new int[original.Length];
        for (int i = 0, line = 0; i < original.Length; i++)
        {
            lineOf[i] = line;
            line += original[i] == '\n' ? 1 : 0;
        }

        Gen.Select(Gen.Int[0, original.Length - 1], Gen.Int[1, 255]).Sample(
            (position, mask) =>
            {
                var changed = (byte[])original.Clone();
                changed[position] ^= (byte)mask;
                var copy = System.IO.Path.Combine(_folder, $"{position}-{mask}.jsonl");
                File.WriteAllBytes(copy, changed);
                var found = AuditLog.Verify(copy);
                File.Delete(copy);
                Assert.Equal(lineOf[position], found.FirstBroken);
                Assert.Equal(lineOf[position], found.Records);
            },
            iter: 2000,
            threads: 1);
    }

    [Fact]
    public void Removing_swapping_or_doubling_records_is_found()
    {
        Write(6);
        var lines = File.ReadAllLines(Path);
        Assert.Equal(2, BrokenAt([.. lines[..2], .. lines[3..]]));
        Assert.Equal(2, BrokenAt([.. lines[..2], lines[3], lines[2], .. lines[4..]]));
        Assert.Equal(3, BrokenAt([.. lines[..3], .. lines[2..]]));
        Assert.Equal(0, BrokenAt([.. lines[1..]]));
    }

    [Fact]
    public void A_cut_end_shows_in_the_head()
    {
        var head = Write(4);
        var lines = File.ReadAllLines(Path);
        File.WriteAllText(Path, string.Concat(lines[..3].Select(l => l + "\n")));
        var found = AuditLog.Verify(Path);
        Assert.True(found.IsWhole);
        Assert.NotEqual(head, found.Head);
    }

    [Fact]
    public void A_torn_last_line_is_cut_away_at_every_length()
    {
        Write(3);
        var whole = File.ReadAllBytes(Path);
        var secondEnd = EndOfLine(whole, 2);
        for (var length = secondEnd; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(Path, whole[..length]);
            using var log = AuditLog.Open(Path, _time);
            Assert.Equal(2, log.Count);
            log.Append("after", "crash");
            Assert.True(AuditLog.Verify(Path).IsWhole);
        }
    }

    [Fact]
    public void A_broken_log_does_not_open()
    {
        Write(3);
        var bytes = File.ReadAllBytes(Path);
        bytes[100] ^= 1;
        File.WriteAllBytes(Path, bytes);
        var e = Assert.Throws<FederationException>(() => AuditLog.Open(Path, _time));
        Assert.Equal(ErrorCatalogue.AuditBroken, e.Code);
        Assert.Contains("record 0", e.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(Path));
    }

    [Fact]
    public void Many_writers_make_one_chain()
    {
        using (var log = AuditLog.Open(Path, _time))
        {
            Parallel.For(0, 40, i => log.Append("event", $"subject-{i}"));
            Assert.Equal(40, log.Count);
        }

        var found = AuditLog.Verify(Path);
        Assert.Equal((40, true), (found.Records, found.IsWhole));
    }

    [Fact]
    public void Verification_runs_beside_the_writer()
    {
        using var log = AuditLog.Open(Path, _time);
        var head = log.Append("event", "one");
        Assert.Equal(head, AuditLog.Verify(Path).Head);
        Assert.Throws<FederationException>(() => AuditLog.Open(Path, _time));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(int records)
    {
        using var log = AuditLog.Open(Path, _time);
        for (var i = 0; i < records; i++)
        {
            log.Append("round.committed", $"run-{i}", new Dictionary<string, string> { ["model"] = new string('a', 64) });
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        return log.Head;
    }

    private long BrokenAt(string[] lines)
    {
        var copy = System.IO.Path.Combine(_folder, "copy.jsonl");
        File.WriteAllText(copy, string.Concat(lines.Select(l => l + "\n")), new UTF8Encoding(false));
        return AuditLog.Verify(copy).FirstBroken;
    }

    private static int EndOfLine(byte[] bytes, int count)
    {
        var end = 0;
        for (var i = 0; i < count; i++)
        {
            end = Array.IndexOf(bytes, (byte)'\n', end) + 1;
        }

        return end;
    }
}
