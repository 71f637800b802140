using System.Net;

namespace BrainMVP.Federated.Aggregator.Hosting;

/// <summary>Where one of several aggregator processes stands. They share the folder and the database; each has a fixed endpoint.</summary>
/// <param name="Name">Name of the silo, unique in the cluster.</param>
/// <param name="Postgres">Connection string of the database.</param>
/// <param name="Address">Address at which the other silos reach it.</param>
/// <param name="SiloPort">Port for the other silos.</param>
/// <param name="GatewayPort">Port that Orleans reserves for its own clients.</param>
public sealed record SiloPlace(string Name, string Postgres, IPAddress Address, int SiloPort, int GatewayPort);
