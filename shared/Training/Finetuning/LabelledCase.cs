using BrainMVP.Federated.Training.Data;

namespace BrainMVP.Federated.Training.Finetuning;

/// <summary>A prepared case and what is to be learned of it.</summary>
/// <param name="Volumes">Its volumes.</param>
/// <param name="Class">Position in the task's classes; 0 for segmentation.</param>
/// <param name="LabelPath">Its label map on the grid of the volumes; empty for classification.</param>
public sealed record LabelledCase(TrainingCase Volumes, int Class, string LabelPath)
{
    public string Name => Volumes.Name;
}
