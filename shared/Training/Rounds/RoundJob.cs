using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Training.Rounds;

/// <summary>Everything a trainer needs for one round at one site.</summary>
public sealed record RoundJob
{
    public required Plan Plan { get; init; }

    /// <summary>Site name: part of the name of every random stream.</summary>
    public required string Site { get; init; }

    /// <summary>1 .. plan.rounds.count.</summary>
    public required int Round { get; init; }

    /// <summary>Global model: safetensors with <c>encoder.*</c> and <c>decoder.*</c> as F32, running statistics included.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Modality to a safetensors file with the tensor <c>template.MODALITY</c> [R, A, S]; an absent modality starts at zero.</summary>
    public required IReadOnlyDictionary<string, string> TemplatePaths { get; init; }

    /// <summary>The prepared data set.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The federation's control variate: <c>control.NAME</c> for each parameter; null for zeros, or without SCAFFOLD.</summary>
    public string? ControlPath { get; init; }

    /// <summary>
    /// Snapshot of the last committed round, or null in the first. The plan says what of it is used: moments unless they
    /// are reset, batch normalisations where they stay local.
    /// </summary>
    public string? SnapshotFolder { get; init; }

    /// <summary>
    /// <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>all</c>; more than one entry, or <c>all</c>, trains the
    /// micro-batches of a step side by side, on no more devices than a step has micro-batches.
    /// </summary>
    public IReadOnlyList<string> Devices { get; init; } = ["cpu"];

    /// <summary>Receives checkpoints and outputs; one trainer at a time.</summary>
    public required string JobFolder { get; init; }
}

/// <summary>How far a trainer is.</summary>
/// <param name="Phase"><c>prepare</c>, <c>evaluate</c> or <c>train</c>.</param>
/// <param name="Done">Finished crops (evaluate) or steps (train).</param>
/// <param name="Total">All of them.</param>
/// <param name="Loss">Loss of the last step; 0 in the other phases.</param>
/// <param name="Note">Something that people should know, for example that memory ran out and what was done about it; else empty.</param>
public sealed record TrainingProgress(string Phase, long Done, long Total, double Loss, string Note = "");

/// <summary>What a trainer did.</summary>
public sealed record RoundOutcome
{
    /// <summary>Optimiser steps of the round.</summary>
    public required int Steps { get; init; }

    /// <summary>Usable cases of the site, held-out ones included.</summary>
    public required int Cases { get; init; }

    /// <summary>How often each owned modality was the target.</summary>
    public required IReadOnlyDictionary<string, long> TargetDraws { get; init; }

    /// <summary>Means over the round: total (weighted), templateView, crossModalView, contrastive (both unweighted); of a supervised plan total alone.</summary>
    public required IReadOnlyDictionary<string, double> Losses { get; init; }

    /// <summary>Validation of the model that the round started from, by the name of a <see cref="ValidationView"/>.</summary>
    public required IReadOnlyDictionary<string, ValidationSum> Validation { get; init; }

    /// <summary>Scores of the same model by region or class; null unless the plan is supervised.</summary>
    public IReadOnlyDictionary<string, ScoreSum>? Scores { get; init; }

    /// <summary>Safetensors with the names of the model and <c>template.MODALITY</c> for every modality the site owns.</summary>
    public required string LocalModelPath { get; init; }

    /// <summary>The site's control variates that the round started from; null for zeros, or without SCAFFOLD.</summary>
    public string? OwnControlPath { get; init; }

    /// <summary>Optimiser snapshot to start the next round from once this one is committed.</summary>
    public required string SnapshotFolder { get; init; }

    /// <summary>Seconds of training, resumed parts included.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Largest resident memory of this process in the host during the round.</summary>
    public required long PeakMemoryBytes { get; init; }

    /// <summary>Largest use of the first CUDA device's memory after a step, by all processes; 0 without one.</summary>
    public long DeviceMemoryBytes { get; init; }

    /// <summary>What people should know about the round.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
