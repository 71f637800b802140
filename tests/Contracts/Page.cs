namespace BrainMVP.Federated.Contracts.Tests;

/// <summary>Pages of <c>docs/</c> whose text comes from the code.</summary>
internal static class Page
{
    /// <summary>Compares a page with its text. With BRAINMVP_WRITE_PAGES=1 it is written instead.</summary>
    public static void MustEqual(string name, string expected)
    {
        var path = Path.Combine(Repository.Root, "docs", name);
        if (Environment.GetEnvironmentVariable("BRAINMVP_WRITE_PAGES") == "1")
        {
            File.WriteAllText(path, expected);
        }

        var actual = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(actual == expected, $"docs/{name} differs from the code. Run this test with BRAINMVP_WRITE_PAGES=1, or make it:\n{expected}");
    }
}
