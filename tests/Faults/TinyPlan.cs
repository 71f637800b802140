namespace BrainMVP.Federated.Faults;

/// <summary>A plan that trains in seconds, with deadlines beyond a clock that is an hour off.</summary>
public static class TinyPlan
{
    public const string Text = """
        preset: demo
        name: faults
        modalities: [t1, t2]
        rounds:
          count: 2
          localSteps: 8
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
          minimumSites: 2
          silentAfterSeconds: 600
          trainDeadlineSeconds: 10800
          uploadDeadlineSeconds: 10800

        """;
}
