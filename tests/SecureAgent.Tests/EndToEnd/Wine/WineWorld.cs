namespace SecureAgent.Tests.EndToEnd.Wine;

/// <summary>A Windows of its own under Wine, with a display nobody sees, where the published Windows program runs.
/// Everything in it ends with it.</summary>
internal sealed class WineWorld : IAsyncDisposable
{
    // The first start of a prefix and of a program takes long on a busy machine.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Home _home = new();
    private BackgroundProcess? _display;

    private WineWorld()
    {
        _home.PrivateDirectory("prefix");
        Environment = new()
        {
            ["PATH"] = _home.Environment["PATH"],
            ["HOME"] = _home.Environment["HOME"],
            ["TMPDIR"] = _home.Environment["TMPDIR"],
            ["LC_ALL"] = "C.UTF-8",
            ["WINEPREFIX"] = Prefix,
            ["WINEDEBUG"] = "-all",
            // Neither .NET Framework's substitute nor a browser, which Wine would offer to download, nor menu entries.
            ["WINEDLLOVERRIDES"] = "mscoree,mshtml,winemenubuilder.exe=",
            // Wine maps a page twice, but does not take back what was mapped in time for .NET.
            ["DOTNET_EnableWriteXorExecute"] = "0",
        };
    }

    /// <summary>The Windows program under test: the one that SECURE_AGENT_WINDOWS_PROGRAM names, or the one published
    /// to artifacts.</summary>
    public static string Program =>
        System.Environment.GetEnvironmentVariable("SECURE_AGENT_WINDOWS_PROGRAM") is { Length: > 0 } path
            ? Path.GetFullPath(path)
            : Path.GetFullPath(Path.Combine(
                AppContext.BaseDirectory, "../../../../../artifacts/win-x64/secure-agent.exe"));

    /// <summary>What Windows programs of this world are started with; a test may take a copy and add to it.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>The Linux side of this world.</summary>
    public Home Home => _home;

    private string Prefix => _home.File("prefix");

    /// <summary>Ends the test where Wine or the program is missing.</summary>
    public static void Require()
    {
        Requires.Tool("wine");
        Requires.Tool("Xvfb");
        Requires.Published(Program, "win-x64");
    }

    /// <summary>Makes the world: some seconds.</summary>
    public static async Task<WineWorld> StartAsync()
    {
        WineWorld world = new();
        try
        {
            world._display = await BackgroundProcess.Start(
                world.Environment, "Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp")
                .ReadyAsync(async display =>
                    world.Environment["DISPLAY"] = ":" + await display.Output.WaitForAsync(""));
            (await world.Wine("wineboot", "--init").RunAsync()).Succeeded();
            (await world.Wine("winecfg", "-v", "win10").RunAsync()).Succeeded();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the Windows program to its end.</summary>
    public Task<Ran> RunAsync(params string[] arguments) => Wine([Program, .. arguments]).RunAsync();

    /// <summary>Runs it to its end with an environment of its own, made from <see cref="Environment"/>.</summary>
    public static Task<Ran> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Wine(environment, [Program, .. arguments]).RunAsync();

    /// <summary>Starts the Windows program; its process is Wine's, and signals reach it as Wine's.</summary>
    public BackgroundProcess Start(params string[] arguments) => Start(Environment, arguments);

    /// <summary>Starts it with an environment of its own, made from <see cref="Environment"/>.</summary>
    public static BackgroundProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        BackgroundProcess.Start(environment, "wine", [Program, .. arguments]);

    /// <summary>How Windows names a file of Linux.</summary>
    public static string WindowsPath(string linuxPath) => "Z:" + linuxPath.Replace('/', '\\');

    /// <summary>Where a file on drive C is for Linux.</summary>
    /// <param name="windowsPath">As in <c>C:\users\x</c>.</param>
    public string LinuxPath(string windowsPath)
    {
        Assert.StartsWith("C:\\", windowsPath, StringComparison.OrdinalIgnoreCase);
        return Path.Combine(Prefix, "drive_c", windowsPath[3..].Replace('\\', '/'));
    }

    public async ValueTask DisposeAsync()
    {
        // Ends every process of this prefix, and of no other; with nothing to end it says so by its exit code.
        await new Command(Environment, "wineserver", "-k").RunAsync();
        await new Command(Environment, "wineserver", "-w").RunAsync();
        if (_display is not null)
        {
            await _display.DisposeAsync();
        }

        _home.Dispose();
    }

    private Command Wine(params string[] arguments) => Wine(Environment, arguments);

    private static Command Wine(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        new(environment, "wine", arguments) { Patience = Patience };
}
