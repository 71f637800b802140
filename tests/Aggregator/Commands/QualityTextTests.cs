using BrainMVP.Federated.Aggregator.Commands;
using BrainMVP.Federated.Contracts.V1;
using Spectre.Console;

namespace BrainMVP.Federated.Aggregator.Tests.Commands;

public sealed class QualityTextTests
{
    [Fact]
    public void Modalities_and_pairs_are_told_in_two_tables()
    {
        var validation = new ModelValidation
        {
            Views =
            {
                new ViewQuality { Target = "t1", Mse = 0.01, Psnr = 20.25, Ssim = 0.5, Crops = 4 },
                new ViewQuality { Target = "t1", Source = "flair", Mse = 0.02, Psnr = 17, Ssim = 0.4, Crops = 2 },
                new ViewQuality { Target = "t1", Source = "t2", Mse = 0.02, Psnr = 18.5, Ssim = 0.4, Crops = 2 },
                new ViewQuality { Target = "t2", Source = "t1", Mse = 0.02, Psnr = 19, Ssim = 0.4, Crops = 2 },
            },
        };
        var tables = QualityText.Tables(validation).Select(Lines).ToArray();
        Assert.Equal(2, tables.Length);
        Assert.Contains("from the template MSE PSNR dB SSIM crops", tables[0]);
        Assert.Contains("t1 0.01000 20.25 0.500 4", tables[0]);
        Assert.Contains("PSNR dB from flair from t1 from t2", tables[1]);
        Assert.Contains("t1 17.00 18.50", tables[1]);
        Assert.Contains("t2 19.00", tables[1]);
    }

    [Fact]
    public void A_site_without_pairs_has_one_table_and_without_views_none()
    {
        Assert.Single(QualityText.Tables(new ModelValidation { Views = { new ViewQuality { Target = "t1" } } }));
        Assert.Empty(QualityText.Tables(new ModelValidation()));
    }

    /// <summary>The table's lines without borders, words separated by one space.</summary>
    private static string[] Lines(Table table)
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 120;
        console.Write(table);
        return [.. writer.ToString().Split('\n').Select(l => string.Join(' ', l.Split([' ', '│', '|', '\r'], StringSplitOptions.RemoveEmptyEntries)))];
    }
}
