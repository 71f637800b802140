namespace BrainMVP.Federated.Federation.Layouts;

/// <summary>Names of tensor groups. A group has its own participants and weights.</summary>
public static class TensorGroups
{
    /// <summary>Trained weights and biases; weighted by optimiser steps.</summary>
    public const string Network = "network";

    /// <summary>BatchNorm running statistics; weighted by optimiser steps, averaged without the server optimiser.</summary>
    public const string BatchNorm = "batchNorm";

    /// <summary>SCAFFOLD's control variates, one for each tensor of the network; every site weighs the same.</summary>
    public const string Control = "control";

    private const string ControlPrefix = "control.";

    private const string TemplatePrefix = "template.";

    /// <summary>Group and tensor name of a modality's template; weighted by target draws.</summary>
    public static string Template(string modality) => TemplatePrefix + modality;

    /// <summary>The modality of a template group, or null for the other groups.</summary>
    public static string? ModalityOf(string group) =>
        group.StartsWith(TemplatePrefix, StringComparison.Ordinal) ? group[TemplatePrefix.Length..] : null;

    /// <summary>Name of a network tensor's control variate.</summary>
    public static string ControlOf(string name) => ControlPrefix + name;

    /// <summary>Whether a name is that of a control variate.</summary>
    public static bool IsControl(string name) => name.StartsWith(ControlPrefix, StringComparison.Ordinal);

    /// <summary>Whether tensors of a group are in the model's file.</summary>
    public static bool IsInModel(string group) => group is Network or BatchNorm;

    /// <summary>The group of a network tensor by its state-dictionary key.</summary>
    public static string OfNetworkTensor(string name) =>
        name.EndsWith(".running_mean", StringComparison.Ordinal) || name.EndsWith(".running_var", StringComparison.Ordinal) ? BatchNorm : Network;
}
