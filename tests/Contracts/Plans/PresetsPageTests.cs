using System.Text;
using BrainMVP.Federated.Contracts.Plans;

namespace BrainMVP.Federated.Contracts.Tests.Plans;

public sealed class PresetsPageTests
{
    public static TheoryData<string> Fields => [.. Disagreement.All.SelectMany(d => d.Fields).Select(f => f.Field)];

    [Theory]
    [MemberData(nameof(Fields))]
    public void Presets_hold_the_values_that_the_page_states(string field)
    {
        var stated = Disagreement.All.SelectMany(d => d.Fields).Single(f => f.Field == field).Values;
        var held = Presets.Names.Select(n => FieldValue.Text(PlanFields.Of(Presets.Create(n)).Single(f => f.Path == field).Default));
        Assert.Equal(stated, held);
    }

    [Fact]
    public void Every_other_choice_is_a_plan_that_can_be_read()
    {
        foreach (var other in Disagreement.All.Select(d => d.Otherwise.Split('`')[1]))
        {
            PlanRules.Check(PlanReader.Read("preset: brainmvp-v1\n" + other));
        }
    }

    [Fact]
    public void The_page_of_presets_equals_the_code() => Page.MustEqual("presets.md", Text());

    private static string Text()
    {
        var page = new StringBuilder();
        page.Append("""
            # Presets

            BrainMVP is described by two papers and by published code, and the three disagree. Each disagreement is a plan field, so
            a plan can follow any of them: it names a preset and the fields that differ from it. A test compares this page with the
            presets.

            | preset | follows |
            | --- | --- |
            | `brainmvp-v1` | arXiv 2410.10604 v1 |
            | `brainmvp-cvpr` | the conference paper (CVPR 2025) |
            | `brainmvp-code` | the published training script |
            | `demo` | none: a narrow network on 4 mm volumes that trains in minutes without a GPU |

            ## What the sources say

            A dash stands where a source says nothing.

            | topic | arXiv v1 | conference | code |
            | --- | --- | --- | --- |

            """.ReplaceLineEndings("\n"));
        foreach (var d in Disagreement.All)
        {
            page.Append("| ").AppendJoin(" | ", d.Topic, d.V1, d.Cvpr, d.Code).Append(" |\n");
        }

        page.Append("\n## What the presets hold\n\n");
        page.Append("| topic | field | ").AppendJoin(" | ", Presets.Names.Select(n => $"`{n}`")).Append(" | to choose otherwise |\n");
        page.Append("| --- | --- |").Insert(page.Length, " --- |", Presets.Names.Count).Append(" --- |\n");
        foreach (var d in Disagreement.All)
        {
            foreach (var (field, first) in d.Fields.Select((f, i) => (f, i == 0)))
            {
                page.Append("| ").Append(first ? d.Topic : "").Append(" | `").Append(field.Field).Append("` | ").AppendJoin(" | ", field.Values).Append(" | ").Append(first ? d.Otherwise : "").Append(" |\n");
            }
        }

        page.Append("""

            ## What is the same in all presets, and why

            - **Guarded templates.** Templates start at zero, and the code divides by their range plus 1e-9. The first gradients are
              then of the order 1e9, and AdamW's second moments remember them for tens of thousands of steps. `guarded` uses the raw
              template while its range is below 1. `faithful` is there for comparisons with the code.
            - **One random target per sample in `brainmvp-v1` and `brainmvp-cvpr`.** The papers average over all modalities of a
              case. A random one has the same expectation at a fraction of the cost; drawn anew for each sample, it varies less than
              the code's one draw for a micro-batch. `all` is the average itself and makes micro-batches larger.
            - **Grid masks.** A grid masks exactly the ratio. Random cubes overlap: at a ratio of 0.8 they cover about 53 % of a crop of
              96³ voxels, which is another, easier task under the same number.
            - **Two masks.** The code draws them independently, and the paper can be read that way.
            - **Mean squares.** The Euclidean norm of a crop of 96³ voxels is thousands of times larger than its mean square, which would
              drown the contrastive term at the published weights. Choose `l2` together with smaller weights.
            - **Negatives of the micro-batch.** A site often holds a single data set. Restricted to other data sets, it would have no
              negatives at all and the term would be 0.
            - **Uniform crops, one cosine, no warm-up, temperature 1** are what the code does, and the papers do not contradict it
              except for the crops of v1.

            ## Not in this table

            The papers and the code also disagree on fine-tuning: its optimiser, epochs and batch, and whether consistency is asked of
            encoder features or of logits. Those fields come with the fine-tuning plan. Differences in printed case counts and in
            classification results concern no setting.

            """.ReplaceLineEndings("\n"));
        return page.ToString();
    }
}
