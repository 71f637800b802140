namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Values of <c>network.backbone</c>.</summary>
public static class Backbones
{
    /// <summary>UniFormer-small in three dimensions: convolving and attending stages, reconstruction by transposed convolutions.</summary>
    public const string UniFormer = "uniformer";

    /// <summary>Residual convolutional encoder and decoder with group normalisation.</summary>
    public const string UNet3D = "unet3d";

    /// <summary>Published widths of a backbone.</summary>
    public static IReadOnlyList<int> PublishedWidths(string backbone) => backbone == UNet3D ? [32, 64, 128, 256] : [64, 128, 320, 512];

    /// <summary>Published blocks of each stage.</summary>
    public static IReadOnlyList<int> PublishedDepths(string backbone) => backbone == UNet3D ? [1, 2, 2, 4] : [3, 4, 8, 3];
}
