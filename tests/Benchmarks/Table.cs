namespace BrainMVP.Federated.Benchmarks;

/// <summary>Rows under headings, first column to the left, the others to the right; each row is printed when it is known.</summary>
internal sealed class Table
{
    private readonly int[] _widths;

    public Table(params string[] headings)
    {
        _widths = [.. headings.Select((h, i) => i == 0 ? 34 : Math.Max(h.Length, 9))];
        Row(headings);
        Row([.. _widths.Select(w => new string('-', w))]);
    }

    public void Row(params string[] cells) =>
        Console.WriteLine(string.Join("  ", cells.Select((c, i) => i == 0 ? c.PadRight(_widths[0]) : c.PadLeft(_widths[i]))));
}
