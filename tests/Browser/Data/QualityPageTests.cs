using BrainMVP.Federated.Browser.Tests.Support;

namespace BrainMVP.Federated.Browser.Tests.Data;

/// <summary>The quality page as a person sees it.</summary>
public sealed class QualityPageTests(DataPages pages)
{
    [Theory]
    [InlineData(1280, "light")]
    [InlineData(1280, "dark")]
    [InlineData(420, "light")]
    public async Task Everything_is_shown_nothing_is_cut_and_nothing_is_loaded_from_elsewhere(int width, string scheme)
    {
        using var browser = Support.Browser.Start(width, 1000);
        await pages.Ready;
        browser.Prefer(scheme);
        browser.Open(pages.QualityPage);
        browser.Screenshot(pages.Screenshot($"quality-{width}-{scheme}.png"));

        Assert.Empty(browser.Errors());
        Assert.Equal(0, browser.Value<long>("performance.getEntriesByType('resource').filter(r => !r.name.startsWith('data:')).length"));
        Assert.True(browser.Value<long>("document.documentElement.scrollWidth") <= width, "The page is wider than the window.");
        Assert.Equal(3, browser.All("section.case").Count);
        Assert.True(browser.Value<bool>("[...document.images].length >= 7 && [...document.images].every(i => i.complete && i.naturalWidth > 50 && i.alt.length > 10)"));
        Assert.True(browser.Value<bool>("[...document.images].every(i => { const r = i.getBoundingClientRect(); return Math.abs(r.width / r.height - i.naturalWidth / i.naturalHeight) < 0.05; })"), "A picture is distorted.");
        var dark = browser.Value<bool>("(c => c[0] + c[1] + c[2] < 200)(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number))");
        Assert.Equal(scheme == "dark", dark);
    }

    [Fact]
    public async Task The_misaligned_person_stands_first_with_number_and_remedy_and_a_hostile_name_is_text()
    {
        using var browser = Support.Browser.Start();
        await pages.Ready;
        browser.Open(pages.QualityPage);
        var first = browser.All("section.case")[0];
        Assert.Equal("false", first.GetAttribute("data-usable"));
        Assert.Contains("BMF-1107", first.Text, StringComparison.Ordinal);
        Assert.Contains("What to do", first.Text, StringComparison.Ordinal);
        Assert.Equal(["true", "true"], browser.All("section.case").Skip(1).Select(c => c.GetAttribute("data-usable")!));
        Assert.Contains(DataPages.Hostile, browser.Value<string>("document.body.innerText"), StringComparison.Ordinal);
        Assert.Empty(browser.All("h3 b, td b, figcaption b b"));
    }

    [Fact]
    public async Task Search_filter_and_order_change_what_is_shown_and_say_how_much()
    {
        using var browser = Support.Browser.Start();
        await pages.Ready;
        browser.Open(pages.QualityPage);
        string Shown() => string.Join(' ', browser.All("section.case").Where(c => c.Displayed).Select(c => c.GetAttribute("data-usable")));

        Assert.Equal("false true true", Shown());
        browser.One("#show").SendKeys("excl");
        Assert.Equal("false", Shown());
        Assert.Equal("1 of 3 cases", browser.One("#count").Text);
        browser.One("#show").SendKeys(OpenQA.Selenium.Keys.Home);
        browser.One("#find").SendKeys("bold");
        Assert.Equal("true", Shown());
        browser.One("#find").Clear();
        browser.One("#find").SendKeys("nobody");
        Assert.Equal("0 of 3 cases", browser.One("#count").Text);
    }

    [Fact]
    public async Task The_montage_of_phantoms_opens_as_a_picture()
    {
        using var browser = Support.Browser.Start(1600, 1200);
        await pages.Ready;
        browser.Open(pages.Montage);
        browser.Screenshot(pages.Screenshot("phantom-montage.png"));
        Assert.True(browser.Value<bool>("document.images[0].naturalWidth > 300 && document.images[0].naturalHeight > 200"));

        // A picture that came out one grey all over compresses to almost nothing.
        Assert.True(new FileInfo(pages.Montage).Length > 20_000);
    }
}
