using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Networks.Templates;

/// <summary>How a template is brought to 0..1 before it fills masked voxels.</summary>
public enum TemplateNormalization
{
    /// <summary>
    /// (T − min) / (max − min) with min and max as constants, and T itself while max − min is below
    /// <see cref="TemplateBank.FullRange"/>. A crop then moves only its own masked voxels, and the zero template has
    /// an ordinary gradient.
    /// </summary>
    Guarded,

    /// <summary>(T − min) / (max − min + 1e-9) always, differentiated through min and max: at T = 0 gradients are of the order 1e9.</summary>
    Faithful,
}

/// <summary>From the plan's word to the choice.</summary>
public static class TemplateNormalizations
{
    public static TemplateNormalization Of(TrainingPlan plan) => plan.TemplateNormalization switch
    {
        "guarded" => TemplateNormalization.Guarded,
        "faithful" => TemplateNormalization.Faithful,
        var other => throw new ArgumentException($"Template normalisation \"{other}\" is unknown.", nameof(plan)),
    };
}
