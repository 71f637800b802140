using BrainMVP.Federated.Imaging.External;
using CsCheck;

namespace BrainMVP.Federated.Imaging.Tests.External;

public sealed class ArgumentTemplateTests
{
    [Fact]
    public void What_a_placeholder_stands_for_is_never_read_again() => Gen.String.Sample(value =>
    {
        var template = ArgumentTemplate.Parse("a{in}b{out}{{in}}", ["in", "out"]);
        return template.Fill(new Dictionary<string, string> { ["in"] = value, ["out"] = "{in} \"'" }) == $"a{value}b{{in}} \"'{{in}}";
    });

    [Fact]
    public void Text_without_braces_is_itself() => Gen.String.Sample(text =>
        ArgumentTemplate.Parse(text.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal), []).Fill(new Dictionary<string, string>()) == text);

    [Theory]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("{in")]
    [InlineData("{}")]
    [InlineData("{IN}")]
    [InlineData("{in }")]
    [InlineData("{{in}")]
    public void Braces_that_name_nothing_are_refused(string text) => Assert.Throws<FormatException>(() => ArgumentTemplate.Parse(text, ["in"]));
}
