namespace SecureAgent.Tests.EndToEnd;

/// <summary>A fresh TPM: swtpm, or the one of hwsim as the program that a user starts.</summary>
internal sealed class TpmUnderTest : IAsyncDisposable
{
    private readonly BackgroundProcess _process;

    private TpmUnderTest(BackgroundProcess process, string tcti, string swtpmSocket) =>
        (_process, Tcti, SwtpmSocket) = (process, tcti, swtpmSocket);

    /// <summary>How the program is told where it is.</summary>
    public string Tcti { get; }

    /// <summary>The Unix socket where it speaks swtpm's protocol.</summary>
    public string SwtpmSocket { get; }

    /// <summary>Starts one whose state lives in <paramref name="home"/>.</summary>
    public static async Task<TpmUnderTest> StartAsync(AgentKind kind, Home home)
    {
        if (kind == AgentKind.Swtpm)
        {
            return await StartSwtpmAsync(home);
        }

        string socket = home.File("run/tpm.sock");
        BackgroundProcess process = BackgroundProcess.Start(
            home.Environment, SecureAgentProgram.HwSimPath, "tpm", "--mssim", "0", "--swtpm", socket);
        string line = "";
        await process.ReadyAsync(async started =>
        {
            line = await started.Output.WaitForAsync("mssim:");
            await started.Output.WaitForAsync(socket);
        });
        return new TpmUnderTest(process, line.Trim(), socket);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task<TpmUnderTest> StartSwtpmAsync(Home home)
    {
        string swtpm = Requires.Tool("swtpm");
        string socket = home.File("run/tpm.sock");
        BackgroundProcess process = BackgroundProcess.Start(home.Environment, swtpm, "socket", "--tpm2",
            "--server", $"type=unixio,path={socket}",
            "--tpmstate", $"dir={home.PrivateDirectory("tpm")}",
            "--flags", "not-need-init,startup-clear");
        await process.ReadyAsync(started =>
            Deadline.UntilAsync(() => File.Exists(socket), () => $"swtpm made no socket:\n{started.Error}"));
        return new TpmUnderTest(process, $"swtpm:path={socket}", socket);
    }
}
