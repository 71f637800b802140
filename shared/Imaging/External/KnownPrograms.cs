namespace BrainMVP.Federated.Imaging.External;

/// <summary>How to ask the usual programs for their version, and how to get them.</summary>
internal static class KnownPrograms
{
    private static readonly ProgramRequirement[] All =
    [
        new("elastix", "--version", @"elastix version:\s*([0-9.]+)", new Version(5, 0)) { Install = "apt-get install elastix" },
        new("transformix", "--version", @"transformix version:\s*([0-9.]+)", new Version(5, 0)) { Install = "apt-get install elastix" },
        new("dcm2niix", "--version", @"v([0-9]+\.[0-9]+\.[0-9]+)", new Version(1, 0)) { Install = "apt-get install dcm2niix" },
        new("antsRegistration", "--version", @"ANTs Version:\s*v?([0-9]+\.[0-9]+(?:\.[0-9]+)?)", new Version(2, 3)) { Install = "apt-get install ants (Debian 13), or the release of the ANTs project" },
        new("N4BiasFieldCorrection", "--version", @"ANTs Version:\s*v?([0-9]+\.[0-9]+(?:\.[0-9]+)?)", new Version(2, 3)) { Install = "apt-get install ants (Debian 13), or the release of the ANTs project" },
        new("hd-bet", null, null, null) { Install = "pip install hd-bet; it downloads its weights at its first run" },
        new("mri_synthstrip", null, null, null) { Install = "install FreeSurfer 7.3 or newer" },
    ];

    /// <summary>The requirement for a program by its name or path; without a version for a program that is not known.</summary>
    public static ProgramRequirement For(string program) =>
        (All.FirstOrDefault(p => p.Name == Path.GetFileName(program)) ?? new ProgramRequirement(program, null, null, null)) with { Name = program };
}
