using System.Text;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Tests.Plans;

public sealed class PlanFieldsPageTests
{
    [Fact]
    public void Every_field_has_a_meaning_and_a_default_inside_its_range()
    {
        foreach (var preset in Presets.Names)
        {
            var fields = PlanFields.Of(Presets.Create(preset)).ToArray();
            Assert.Equal(fields.Length, fields.Select(f => f.Path).Distinct().Count());
            Assert.All(fields, f => Assert.EndsWith(".", f.Rule.Description, StringComparison.Ordinal));
            PlanRules.Check(Presets.Create(preset));
        }
    }

    [Fact]
    public void Every_number_field_has_bounds() => Assert.All(
        PlanFields.Of(new Plan()).Where(f => f.Type == typeof(int) || f.Type == typeof(long) || f.Type == typeof(double) || f.Type == typeof(IReadOnlyList<int>)),
        f => Assert.True(double.IsFinite(f.Rule.Minimum) && double.IsFinite(f.Rule.Maximum) && f.Rule.Minimum < f.Rule.Maximum, f.Path));

    [Fact]
    public void The_page_of_plan_fields_equals_the_code() => Page.MustEqual("plan-fields.md", Text());

    private static string Text()
    {
        var presets = Presets.Names.ToDictionary(n => n, n => PlanFields.Of(Presets.Create(n)).ToDictionary(f => f.Path, f => FieldValue.Text(f.Default)));
        var page = new StringBuilder();
        page.Append("# Plan fields\n\n");
        page.Append("A plan is a YAML file. It names a preset and the fields that differ from it; the SHA-256 of the resulting canonical\n");
        page.Append("JSON is the plan's identity, which sites approve. A field that is not listed here, or a value outside its range, is\n");
        page.Append("refused with the field's name and line.\n\n");
        page.Append("| field | unit | range | meaning | ").AppendJoin(" | ", Presets.Names).Append(" |\n");
        page.Append("| --- | --- | --- | --- |").Insert(page.Length, " --- |", Presets.Names.Count).Append('\n');
        foreach (var field in PlanFields.Of(new Plan()))
        {
            page.Append("| `").Append(field.Path).Append("` | ").Append(field.Rule.Unit).Append(" | ")
                .Append(field.Range.Replace(" | ", ", ", StringComparison.Ordinal)).Append(" | ").Append(field.Rule.Description).Append(" | ")
                .AppendJoin(" | ", Presets.Names.Select(n => presets[n][field.Path])).Append(" |\n");
        }

        page.Append("""

            ## Rules over more than one field

            - `modalities` names at least one modality, none twice.
            - Every side of `imaging.crop` is a multiple of 16 and of `training.maskCell`.
            - `network.headWidth` divides the widths of stages 3 and 4.
            - `imaging.lowerPercentile` is below `imaging.upperPercentile`.
            - An `aggregation.rule` other than mean goes with `aggregation.siteWeighting` equal and enough `quorum.minimumSites`: twice
              `trimmedSites` + 1 with trimmedMean, twice `faultySites` + 3 and at least `keptSites` with krum and multiKrum.
            - `quorum.required` names no site twice; its entries and `name` have the form of names.

            """.ReplaceLineEndings("\n"));
        return page.ToString();
    }
}
