using System.Globalization;
using System.Text;
using BrainMVP.Federated.Contracts.Identity;
using BrainMVP.Federated.Imaging.Volumes;

namespace BrainMVP.Federated.Imaging.Phantom.Output;

/// <summary>A file of a case: one or, for files with a volume per channel, several volumes.</summary>
/// <param name="Path">Relative to the data set, with slashes.</param>
internal sealed record OutputFile(string Path, IReadOnlyList<Volume> Volumes, bool IsLabels = false);

/// <summary>A small text file.</summary>
/// <param name="Path">Relative to the data set, with slashes.</param>
internal sealed record OutputText(string Path, string Text);

/// <summary>A case that is on the disk.</summary>
/// <param name="Number">0-based.</param>
/// <param name="Modalities">What it has, in canonical order.</param>
/// <param name="HasLabels">A label map was written.</param>
internal sealed record WrittenCase(string Subject, int Number, string Class, IReadOnlyList<string> Modalities, bool HasLabels);

/// <summary>One form of a tree: the names of files and what stands beside them.</summary>
internal abstract class OutputLayout
{
    /// <summary>What files call each modality that the layout knows; null when it takes any.</summary>
    public virtual IReadOnlyDictionary<string, string>? Words => null;

    /// <summary>The only disease that fits; null for any.</summary>
    public virtual PhantomDisease? Only => null;

    /// <summary>The disease for which the layout is known.</summary>
    public virtual PhantomDisease Usual => Only ?? PhantomDisease.Mixed;

    /// <summary>The modalities for which the layout is known, in canonical order.</summary>
    public virtual IReadOnlyList<string> UsualModalities => Words is null ? [Modalities.T1, Modalities.T2] : [.. InOrder(Words.Keys)];

    /// <summary>Every case must have every modality.</summary>
    public virtual bool NeedsAll => false;

    /// <summary>As far as its names count.</summary>
    public virtual int MostCases => 9999;

    /// <summary>Files of a case.</summary>
    public abstract IEnumerable<OutputFile> Files(PhantomCase made, int number, bool labels);

    /// <summary>Texts beside the files of a case.</summary>
    public virtual IEnumerable<OutputText> Texts(PhantomCase made, int number, PhantomRequest request) => [];

    /// <summary>Texts about the whole data set.</summary>
    public virtual IEnumerable<OutputText> Documents(IReadOnlyList<WrittenCase> cases, PhantomRequest request, PhantomOutput output) =>
        output.Classes ? [ClassTable(cases)] : [];

    /// <summary>What the layout calls a person.</summary>
    public abstract string SubjectOf(string subject, int number);

    protected OutputText ClassTable(IReadOnlyList<WrittenCase> cases)
    {
        var text = new StringBuilder("subject,class\n");
        foreach (var one in cases)
        {
            text.Append(CultureInfo.InvariantCulture, $"{SubjectOf(one.Subject, one.Number)},{one.Class}\n");
        }

        return new OutputText("labels.csv", text.ToString());
    }

    protected static string Number(int number, int digits) => (number + 1).ToString($"D{digits}", CultureInfo.InvariantCulture);

    /// <summary>The label map with other values.</summary>
    protected static Volume Mapped(Volume labels, Func<int, int> value) => new(labels.Shape, labels.Affine, [.. labels.Voxels.Select(v => v == 0 ? 0f : value((int)v))]);

    protected static IEnumerable<string> InOrder(IEnumerable<string> modalities) => modalities.OrderBy(Modalities.IndexOf);
}
