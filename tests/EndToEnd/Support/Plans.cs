namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>Plans that train in seconds.</summary>
internal static class Plans
{
    /// <param name="steps">Local steps; a checkpoint follows every third.</param>
    /// <param name="silentAfter">Seconds after which a site is no longer waited for.</param>
    /// <param name="minimumSites">Quorum.</param>
    /// <param name="modalities">Modalities of the plan.</param>
    /// <param name="rounds">Global rounds.</param>
    /// <param name="quorum">Further lines of the quorum.</param>
    public static string Tiny(int steps, int silentAfter = 300, int minimumSites = 2, string modalities = "t1, t2, flair", int rounds = 2, string quorum = "") => $"""
        preset: demo
        name: tiny
        modalities: [{modalities}]
        rounds:
          count: {rounds}
          localSteps: {steps}
        network:
          widths: [8, 8, 16, 16]
          depths: [1, 1, 1, 1]
          headWidth: 8
        imaging:
          crop: [16, 16, 16]
        training:
          batchSize: 2
          checkpointEvery: 3
          validationCrops: 1
        quorum:
          silentAfterSeconds: {silentAfter}
          minimumSites: {minimumSites}
          {quorum}
        """;
}
