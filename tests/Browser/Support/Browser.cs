using System.Globalization;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace BrainMVP.Federated.Browser.Tests.Support;

/// <summary>A real headless Chromium, driven through its own chromedriver. Nothing is downloaded.</summary>
internal sealed class Browser : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ChromeDriverService _service;
    private readonly ChromeDriver _driver;
    private readonly DirectoryInfo _profile;

    private Browser(string chromium, string chromedriver, int width, int height)
    {
        _profile = Directory.CreateTempSubdirectory("bmf-browser-");
        var options = new ChromeOptions { BinaryLocation = chromium };
        options.AddArguments(
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--force-device-scale-factor=1", "--hide-scrollbars",
            string.Create(CultureInfo.InvariantCulture, $"--window-size={width},{height}"), $"--user-data-dir={_profile.FullName}");
        _service = ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(chromedriver)!, Path.GetFileName(chromedriver));
        _service.SuppressInitialDiagnosticInformation = true;
        _driver = new ChromeDriver(_service, options, Patience);
        _driver.Manage().Timeouts().PageLoad = Patience;

        // A headless window is never narrower than 500 pixels by itself; the page's own width is set apart from it.
        Command("Emulation.setDeviceMetricsOverride", ("width", width), ("height", height), ("deviceScaleFactor", 1), ("mobile", false));
    }

    /// <summary>Starts the browser; the test is skipped aloud where there is none.</summary>
    public static Browser Start(int width = 1280, int height = 900)
    {
        var (chromium, driver) = (Find("chromium"), Find("chromedriver"));
        Assert.SkipUnless(chromium is not null && driver is not null, "No Chromium with chromedriver on this machine (Debian: apt-get install chromium chromium-driver): pages are not looked at here.");
        return new Browser(chromium!, driver!, width, height);
    }

    public void Open(string file) => _driver.Navigate().GoToUrl(new Uri(Path.GetFullPath(file)));

    /// <summary>Shows the page as people who prefer a dark or a light one see it.</summary>
    public void Prefer(string scheme) => Command("Emulation.setEmulatedMedia", ("features", new object[] { new Dictionary<string, object> { ["name"] = "prefers-color-scheme", ["value"] = scheme } }));

    /// <summary>Value of a JavaScript expression.</summary>
    public T Value<T>(string expression) => (T)_driver.ExecuteScript($"return ({expression});")!;

    public IReadOnlyList<IWebElement> All(string selector) => _driver.FindElements(By.CssSelector(selector));

    public IWebElement One(string selector) => _driver.FindElement(By.CssSelector(selector));

    public void Screenshot(string path) => _driver.GetScreenshot().SaveAsFile(path);

    /// <summary>Messages of the page's console that are errors.</summary>
    public IReadOnlyList<string> Errors() => [.. _driver.Manage().Logs.GetLog(LogType.Browser).Where(l => l.Level >= LogLevel.Severe).Select(l => l.Message)];

    public void Dispose()
    {
        _driver.Dispose();
        _service.Dispose();
        _profile.Delete(recursive: true);
    }

    private void Command(string name, params (string Name, object Value)[] parameters) => _driver.ExecuteCdpCommand(name, parameters.ToDictionary(p => p.Name, object? (p) => p.Value));

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
