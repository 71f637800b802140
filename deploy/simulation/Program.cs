return await BrainMVP.Federated.Simulation.Commands.SimulationCommand.Run(args);
