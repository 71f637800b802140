using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.V1;
using BrainMVP.Federated.Federation.Layouts;

namespace BrainMVP.Federated.Aggregator.Releases;

/// <summary>What a release is, for people. Counts and measures only; the same commit gives the same text.</summary>
public static class ModelCard
{
    /// <param name="run">The run.</param>
    /// <param name="commit">The commit that made the model.</param>
    /// <param name="validation">Of the model, over the sites' held-out cases; null when nobody measured it.</param>
    public static string Write(RunDocument run, RoundCommitDocument commit, ModelValidation? validation)
    {
        var (plan, text) = (run.Plan, new StringBuilder());
        Line(text, $"# {run.Run}, round {commit.Context.Round}");
        Line(text, $"Consortium **{run.Consortium}**, plan **{plan.Name}** (preset {plan.Preset}, `{run.PlanHash}`).");
        Line(text, "## What it is");
        Line(text, plan.IsSupervised()
            ? $"A {plan.Network.Backbone} network that learned {plan.Downstream.Kind} of {string.Join(", ", plan.ToTask().Outputs())} from the labels of several hospitals, which never left them. Input channels: {string.Join(", ", plan.Modalities)}."
            : $"A {plan.Network.Backbone} encoder and reconstruction decoder for brain MRI with the templates of {string.Join(", ", commit.Templates.Keys.Order(StringComparer.Ordinal))}, pre-trained without labels by BrainMVP (arXiv 2410.10604) on the images of several hospitals, which never left them.");
        Line(text, "## How it was trained");
        Line(text, $"- {commit.Context.Round} rounds of at most {plan.Rounds.LocalSteps} optimiser steps a site; {commit.Contributors.Count} of {commit.Context.Invited.Count} invited sites are in the last one.");
        Line(text, string.Create(CultureInfo.InvariantCulture, $"- Volumes of {plan.Imaging.SpacingMm} mm, percentiles {plan.Imaging.LowerPercentile} to {plan.Imaging.UpperPercentile} scaled to 0..1, crops of {string.Join(" x ", plan.Imaging.Crop)} voxels, canvas {string.Join(" x ", plan.Imaging.Canvas)}."));
        foreach (var group in commit.Groups.Where(g => TensorGroups.ModalityOf(g.Group) is not null))
        {
            Line(text, $"- Template of {TensorGroups.ModalityOf(group.Group)}: {(group.Withheld is { } reason ? $"did not move in the last round ({reason})" : $"{group.Arrived.Count} sites in the last round")}.");
        }

        Line(text, "## How good it is");
        Quality(text, validation);
        Line(text, "## Limits");
        Line(text, "- Release gate: **absent**. Nothing examined whether the templates show single patients; the release is for the consortium's own sites.");
        Line(text, "- Research software, not a medical device. Measure it on your own patients before you rely on it.");
        Line(text, $"Commit `{commit.RoundContext}`, model `{commit.Model}`.");
        return text.ToString();
    }

    private static void Quality(StringBuilder text, ModelValidation? validation)
    {
        if (validation is null || (validation.Views.Count == 0 && validation.Scores.Count == 0))
        {
            Line(text, "No site has measured it.");
            return;
        }

        foreach (var view in validation.Views.Where(v => v.Source.Length == 0))
        {
            Line(text, string.Create(CultureInfo.InvariantCulture, $"- {view.Target} from its template, on {view.Crops} held-out crops: squared error {view.Mse:F5}, PSNR {view.Psnr:F2} dB, SSIM {view.Ssim:F3}."));
        }

        foreach (var (output, score) in validation.Scores.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            Line(text, string.Create(CultureInfo.InvariantCulture, $"- {output}, on {validation.ScoreCases[output]} held-out cases: {score:F4} (Dice, or recall of a class)."));
        }
    }

    private static void Line(StringBuilder text, string line) => text.Append(line).Append("\n\n");
}
