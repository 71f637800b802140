using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Finetuning;
using BrainMVP.Federated.Contracts.Identity;

namespace BrainMVP.Federated.Contracts.Plans;

/// <summary>Rules over more than one field, checked when a plan is read and again by whoever receives it.</summary>
public static class PlanRules
{
    /// <summary>A micro-batch lies in one piece of memory of less than 2 GiB.</summary>
    private const long LargestBatchVoxels = int.MaxValue / sizeof(float);

    /// <exception cref="FederationException">BMF-1003, BMF-1004 or BMF-1007, naming the fields.</exception>
    public static void Check(Plan plan)
    {
        Names.Require(plan.Name, "plan name");
        FieldRanges.Check(plan, ErrorCatalogue.PlanOutOfRange);

        Demand(plan.Modalities.Count > 0 && plan.Modalities.Distinct(StringComparer.Ordinal).Count() == plan.Modalities.Count,
            "modalities must name at least one modality, none twice.");
        foreach (var side in plan.Imaging.Crop)
        {
            Demand(side % 16 == 0, $"imaging.crop has a side of {side}; the network halves it four times, so it must be a multiple of 16.");
            Demand(plan.Training.MaskGeometry == "cubes" || side % plan.Training.MaskCell == 0, $"training.maskCell is {plan.Training.MaskCell}; it must divide every side of imaging.crop ({side}).");
        }

        var rows = (long)plan.Training.BatchSize * (plan.Training.Targets == "all" ? plan.Modalities.Count : 1);
        Demand(rows * plan.Imaging.Crop.Aggregate(1L, (a, b) => a * b) <= LargestBatchVoxels,
            $"training.batchSize makes micro-batches of {rows} crops, more than {LargestBatchVoxels} voxels; use training.accumulation instead.");
        foreach (var width in plan.Network.Widths)
        {
            Demand(plan.Network.Backbone != Backbones.UNet3D || width % 8 == 0, $"network.widths has {width}; unet3d normalises in 8 groups, so its widths must be multiples of 8.");
        }

        Demand(plan.Network.Backbone != Backbones.UNet3D || plan.Training.BatchNorm == "averaged", "training.batchNorm must be averaged with unet3d, which has no batch normalisation.");
        foreach (var width in plan.Network.Widths.Skip(2).Where(_ => plan.Network.Backbone == Backbones.UniFormer))
        {
            Demand(width % plan.Network.HeadWidth == 0, $"network.headWidth is {plan.Network.HeadWidth}; it must divide the widths of stages 3 and 4 ({width}).");
        }

        CheckAggregation(plan);
        CheckTask(plan);
        Demand(plan.Imaging.LowerPercentile < plan.Imaging.UpperPercentile, "imaging.lowerPercentile must be below imaging.upperPercentile.");
        Demand(plan.Quorum.Required.Distinct(StringComparer.Ordinal).Count() == plan.Quorum.Required.Count, "quorum.required names a site twice.");
        foreach (var site in plan.Quorum.Required)
        {
            Names.Require(site, "quorum.required site");
        }
    }

    private static void CheckTask(Plan plan)
    {
        Demand(plan.IsSupervised() || !plan.Downstream.CrossSite, "downstream.crossSite compares models of a supervised run; downstream.kind must not be none with it.");
        if (!plan.IsSupervised())
        {
            return;
        }

        var training = plan.Training;
        Demand(!training.ControlVariates, "training.controlVariates is for pre-training; downstream.kind must be none with it.");
        Demand(training.MovingAverage == 0, "training.movingAverage is for pre-training; it must be 0 unless downstream.kind is none.");
        Demand(!plan.Quorum.Carries(), "quorum.latePolicy must be discard unless downstream.kind is none.");
        Demand(plan.Quorum.MinimumSitesPerModality == 0, "quorum.minimumSitesPerModality must be 0 unless downstream.kind is none: no site contributes to templates then.");
        Demand(plan.Split.TestCases.Count + plan.Split.ValidationCases.Count == 0, "split.testCases and split.validationCases must be empty in a plan: every site reads it, and names of cases stay where they are. Use split.heldOut or split.folds.");
        Demand(plan.Finetuning.StartShare == 0, "finetuning.startShare must be 0 in a plan: rounds start from an encoder. A site that goes on from the run's model gives it to `finetune`.");
        Demand((long)plan.Rounds.Count * plan.Rounds.LocalSteps <= 10_000_000, "rounds.count times rounds.localSteps is more than 10000000 steps.");
        try
        {
            FinetuneTaskRules.Check(plan.ToTask());
        }
        catch (FederationException e) when (e.Code == ErrorCatalogue.TaskInvalid)
        {
            throw ErrorCatalogue.PlanInconsistent.With(e.Message, e);
        }
    }

    private static void CheckAggregation(Plan plan)
    {
        var aggregation = plan.Aggregation;
        Demand(plan.Quorum.LatePolicy == LatePolicies.Discard || aggregation.Rule == AggregationRules.Mean,
            $"quorum.latePolicy is carry; the rule {aggregation.Rule} compares changes of the same model and needs discard.");
        Demand(!plan.Training.ControlVariates || (aggregation.Rule == AggregationRules.Mean && !plan.Quorum.Carries()),
            "training.controlVariates needs aggregation.rule mean and quorum.latePolicy discard: the sites' estimates are of one round and summed as they are.");
        if (aggregation.Rule == AggregationRules.Mean)
        {
            return;
        }

        Demand(aggregation.SiteWeighting == SiteWeightings.Equal,
            $"aggregation.siteWeighting is {aggregation.SiteWeighting}; the rule {aggregation.Rule} compares sites with each other and needs equal.");
        var fewest = AggregationRules.FewestSites(aggregation);
        Demand(plan.Quorum.MinimumSites >= fewest, $"quorum.minimumSites is {plan.Quorum.MinimumSites}; the rule {aggregation.Rule} needs at least {fewest} sites.");
        Demand(aggregation.Rule != AggregationRules.MultiKrum || aggregation.KeptSites <= plan.Quorum.MinimumSites,
            $"aggregation.keptSites is {aggregation.KeptSites}; a round may have only quorum.minimumSites = {plan.Quorum.MinimumSites} sites.");
    }

    private static void Demand(bool condition, string message)
    {
        if (!condition)
        {
            throw ErrorCatalogue.PlanInconsistent.With(message);
        }
    }
}
