return await BrainMVP.Federated.Aggregator.Commands.CommandLine.Run(args);
