using System.Runtime.CompilerServices;
using BrainMVP.Federated.Networks.Kernels;
using TorchSharp;

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace BrainMVP.Federated.Networks.Tests;

internal static class AssemblySetup
{
    /// <summary>Scopes and gradient switches are per thread and the machine is shared: one torch thread, one test at a time.</summary>
    [ModuleInitializer]
    internal static void UseOneThread()
    {
        torch.set_num_threads(1);
        LibraryConvolutions.Check();
    }
}
