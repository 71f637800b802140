using BrainMVP.Federated.EndToEnd.Tests.Support;

[assembly: AssemblyFixture(typeof(SharedRuns))]
