using System.Runtime.CompilerServices;
using BrainMVP.Federated.Training.Hosting;

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace BrainMVP.Federated.Training.Tests;

internal static class AssemblySetup
{
    /// <summary>Results are compared bit for bit, and the machine is shared: one torch thread, one test at a time.</summary>
    [ModuleInitializer]
    internal static void UseOneThread() => TorchRuntime.Start(1);
}
