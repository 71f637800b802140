namespace BrainMVP.Federated.Benchmarks;

/// <summary>Times of things that take turns, so that what else the machine does hits all of them alike.</summary>
internal static class Stopwatches
{
    /// <summary>Runs every action once untimed, then <paramref name="repetitions"/> times in turns.</summary>
    /// <returns>Milliseconds of each action's repetitions.</returns>
    public static double[][] InTurns(int repetitions, params Action[] actions)
    {
        foreach (var action in actions)
        {
            action();
        }

        double[][] times = [.. actions.Select(_ => new double[repetitions])];
        for (var i = 0; i < repetitions; i++)
        {
            for (var k = 0; k < actions.Length; k++)
            {
                // Every second round goes backwards: nobody always runs after the same neighbour.
                var which = i % 2 == 0 ? k : actions.Length - 1 - k;
                times[which][i] = Milliseconds(actions[which]);
            }
        }

        return times;
    }

    /// <inheritdoc cref="InTurns"/>
    public static async Task<double[][]> InTurnsAsync(int repetitions, params Func<Task>[] actions)
    {
        foreach (var action in actions)
        {
            await action();
        }

        double[][] times = [.. actions.Select(_ => new double[repetitions])];
        for (var i = 0; i < repetitions; i++)
        {
            for (var k = 0; k < actions.Length; k++)
            {
                var which = i % 2 == 0 ? k : actions.Length - 1 - k;
                var began = TimeProvider.System.GetTimestamp();
                await actions[which]();
                times[which][i] = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
            }
        }

        return times;
    }

    public static double Milliseconds(Action action)
    {
        var began = TimeProvider.System.GetTimestamp();
        action();
        return TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
