using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.SiteAgent.Data;

namespace BrainMVP.Federated.SiteAgent.Tests.Data;

public sealed class PseudonymTests : IDisposable
{
    private readonly TemporarySite _site = new();

    public void Dispose() => _site.Dispose();

    [Fact]
    public void A_subject_keeps_its_pseudonym_and_another_site_gives_another()
    {
        using var other = new TemporarySite();
        var first = Pseudonyms.Open(_site.Folder).Of("Doe, Jane");
        Assert.Matches("^p-[0-9a-hjkmnp-tv-z]{16}$", first);
        Assert.Equal(first, Pseudonyms.Open(_site.Folder).Of("Doe, Jane"));
        Assert.NotEqual(first, Pseudonyms.Open(_site.Folder).Of("Doe, Jan"));
        Assert.NotEqual(first, Pseudonyms.Open(other.Folder).Of("Doe, Jane"));
        Assert.Equal(2000, Enumerable.Range(0, 2000).Select(n => Pseudonyms.Open(_site.Folder).Of($"s{n}")).Distinct().Count());
    }

    [Fact]
    public void The_key_is_secret_made_once_and_never_replaced()
    {
        _ = Pseudonyms.Open(_site.Folder);
        var key = File.ReadAllBytes(_site.Folder.PseudonymKey);
        _ = Pseudonyms.Open(_site.Folder);
        Assert.Equal(key, File.ReadAllBytes(_site.Folder.PseudonymKey));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_site.Folder.PseudonymKey));
        }
    }

    [Fact]
    public void A_damaged_key_is_an_error_whatever_bit_is_wrong()
    {
        _ = Pseudonyms.Open(_site.Folder);
        var key = File.ReadAllBytes(_site.Folder.PseudonymKey);
        for (var n = 0; n < key.Length; n++)
        {
            var damaged = key.ToArray();
            damaged[n] ^= 1;
            RequireRefused(damaged);
        }

        RequireRefused([]);
        RequireRefused(key[..50]);
        RequireRefused([.. key, .. key]);
    }

    private void RequireRefused(byte[] bytes)
    {
        File.WriteAllBytes(_site.Folder.PseudonymKey, bytes);
        Assert.Equal(ErrorCatalogue.PseudonymsUnavailable, Assert.Throws<FederationException>(() => Pseudonyms.Open(_site.Folder)).Code);
        Assert.Equal(bytes, File.ReadAllBytes(_site.Folder.PseudonymKey));
    }
}
