using System.CommandLine;

namespace BrainMVP.Federated.SiteAgent.Commands;

/// <summary><c>data</c>: looks at the site's images and gets them ready.</summary>
public static class DataCommand
{
    public static Command Create()
    {
        var command = CommandShape.Create("data", "Looks at the site's data and gets it ready.", "data scan /data/mri --out scan", "data check scan/manifest.csv --out quality", "data prepare scan/manifest.csv --out prepared --pipeline elastix");
        command.Add(DataScanCommand.Create());
        command.Add(DataCheckCommand.Create());
        command.Add(DataPrepareCommand.Create());
        return command;
    }
}
