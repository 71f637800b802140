using System.Text;
using BrainMVP.Federated.Contracts.Errors;

namespace BrainMVP.Federated.Contracts.Tests.Errors;

public sealed class ErrorCatalogueTests
{
    [Fact]
    public void Numbers_are_unique_and_in_their_ranges()
    {
        Assert.Equal(ErrorCatalogue.All.Count, ErrorCatalogue.All.Select(e => e.Number).Distinct().Count());
        Assert.All(ErrorCatalogue.All, e => Assert.InRange(e.Number, 1001, 1999));
        Assert.All(ErrorCatalogue.All, e => Assert.InRange(e.ExitCode, 1, 130));
    }

    [Fact]
    public void Every_error_says_what_happened_and_what_to_do_in_whole_sentences() => Assert.All(ErrorCatalogue.All, e =>
    {
        Assert.EndsWith(".", e.Title, StringComparison.Ordinal);
        Assert.EndsWith(".", e.Remedy, StringComparison.Ordinal);
        Assert.True(e.Remedy.Length > 10, e.Id);
        Assert.True(char.IsUpper(e.Title[0]), e.Id);
    });

    [Fact]
    public void Errors_are_found_by_their_printed_form()
    {
        Assert.All(ErrorCatalogue.All, e => Assert.Same(e, ErrorCatalogue.Find(e.Id)));
        Assert.Null(ErrorCatalogue.Find("BMF-9999"));
        Assert.Null(ErrorCatalogue.Find(null));
    }

    [Fact]
    public void The_display_text_has_number_sentence_and_remedy()
    {
        var text = ErrorCatalogue.PortInUse.With("Port 8443.").ToDisplayText();
        Assert.Contains("BMF-1008", text, StringComparison.Ordinal);
        Assert.Contains("Port 8443.", text, StringComparison.Ordinal);
        Assert.Contains(ErrorCatalogue.PortInUse.Remedy, text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_of_errors_equals_the_catalogue() => Page.MustEqual("errors.md", Text());

    private static string Text()
    {
        var page = new StringBuilder();
        page.Append("# Errors\n\n");
        page.Append("Every error a person can meet has a number, a sentence that says what happened and one that says what to do. The\n");
        page.Append("details of an occurrence (names, values, paths, lines) follow the first sentence. The last column is the exit code of\n");
        page.Append("the command that ended with it.\n");
        foreach (var group in ErrorCatalogue.All.GroupBy(e => e.Number / 100))
        {
            page.Append('\n').Append("## ").Append(group.Key).Append("xx · ").Append(Topic(group.Key)).Append("\n\n");
            page.Append("| number | what happened | what to do | exit code |\n| --- | --- | --- | --- |\n");
            foreach (var error in group)
            {
                page.Append("| ").Append(error.Id).Append(" | ").Append(error.Title).Append(" | ").Append(error.Remedy).Append(" | ").Append(error.ExitCode).Append(" |\n");
            }
        }

        return page.ToString();
    }

    private static string Topic(int group) => group switch
    {
        10 => "Command line, plans and documents",
        11 => "Imaging data",
        12 => "Trust",
        13 => "Rounds",
        14 => "Artifacts and storage",
        15 => "Training",
        16 => "Simulation",
        19 => "Unforeseen",
        _ => throw new ArgumentOutOfRangeException(nameof(group), $"Group {group}xx has no topic."),
    };
}
