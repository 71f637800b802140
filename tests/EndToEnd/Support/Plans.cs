namespace BrainMVP.Federated.EndToEnd.Tests.Support;

/// <summary>Plans that train in seconds.</summary>
internal static class Plans
{
    /// <param name="steps">Local steps; a checkpoint follows every third.</param>
    /// <param name="silentAfter">Seconds after which a site is no longer waited for.</param>
    /// <param name="minimumSites">Quorum.</param>
    /// <param name="modalities">Modalities of the plan.</param>
    /// <param name="rounds">Global rounds.</param>
    /// <param name="quorum">A further field of the quorum.</param>
    /// <param name="aggregation">Fields of the aggregation, separated by line ends and ten blanks.</param>
    public static string Tiny(int steps, int silentAfter = 300, int minimumSites = 2, string modalities = "t1, t2, flair", int rounds = 2, string quorum = "", string aggregation = "rule: mean") => $"""
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
        aggregation:
          {aggregation}
        """;
}
