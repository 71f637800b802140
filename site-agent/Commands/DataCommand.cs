using System.CommandLine;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>data</c>: looks at the site's images and gets them ready.</summary>
public static class DataCommand
{
    public static Command Create()
    {
        var command = CommandShape.Create("data", "Looks at the site's data.", "data check /data/mri");
        command.Add(DataScanCommand.Create());
        command.Add(DataCheckCommand.Create());
        return command;
    }
}
