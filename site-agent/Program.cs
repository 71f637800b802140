using BrainMVP.Federated.SiteAgent.Commands;

return await SiteAgentCommands.RunAsync(args);
