using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using SecureAgent.HwSim.Piv;
using SecureAgent.HwSim.Servers;

namespace SecureAgent.Tests.HwSim.PivTools;

/// <summary>Yubico's, OpenSC's and OpenSSH's programs take the simulated card, behind a real pcscd, for a YubiKey, and
/// openssl checks what comes out.</summary>
public sealed class PivToolsTests : IClassFixture<PivToolsTests.Reader>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Flows = Path.Combine(AppContext.BaseDirectory, "HwSim", "PivTools", "Flows");

    private readonly Reader _reader;

    public PivToolsTests(Reader reader) => _reader = reader;

    [Fact]
    public async Task Yubico_piv_tool_manages_the_card()
    {
        Requires.Tool("yubico-piv-tool");
        PivCard card = await RunAsync("yubico-piv-tool", PivCardOptions.Firmware543);
        Assert.Equal((3, 3), (card.PinTriesLeft, card.PukTriesLeft));
    }

    [Fact]
    public async Task Ykman_manages_the_card()
    {
        Requires.Tool("ykman");
        PivCard card = await RunAsync("ykman", PivCardOptions.Firmware572);
        Assert.Equal((3, 3), (card.PinTriesLeft, card.PukTriesLeft));
    }

    [Fact]
    public async Task OpenSC_generates_signs_and_changes_the_PIN()
    {
        Requires.Tool("piv-tool");
        Requires.Tool("pkcs11-tool");
        Requires.Tool("yubico-piv-tool");
        await RunAsync("opensc", PivCardOptions.Firmware543);
    }

    [Fact]
    public async Task Ykcs11_generates_and_signs()
    {
        Requires.Tool("pkcs11-tool");
        Requires.File("/usr/lib/x86_64-linux-gnu/libykcs11.so", "ykcs11");
        await RunAsync("ykcs11", PivCardOptions.Firmware543);
    }

    [Fact]
    public async Task OpenSSH_lists_the_keys_and_its_agent_signs_with_them()
    {
        Requires.Tool("ssh-agent");
        Requires.Tool("yubico-piv-tool");
        Requires.File("/usr/lib/x86_64-linux-gnu/libykcs11.so", "ykcs11");
        Requires.File("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so", "opensc-pkcs11");
        await RunAsync("openssh", PivCardOptions.Firmware543);
    }

    [Fact]
    public async Task Card_is_back_by_itself_after_pcscd_was_killed_and_gone_when_it_was_pulled_out()
    {
        string tool = Requires.Tool("yubico-piv-tool");
        PcscDaemon daemon = _reader.Daemon;
        await using VpcdCard inserted = new(new PivCard(new PivCardOptions()), daemon.Readers[0].Port);
        await inserted.InsertAsync(TestContext.Current.CancellationToken);
        Assert.True(await FindsAsync(tool, daemon, card: true));
        daemon.Restart();
        Assert.True(await FindsAsync(tool, daemon, card: true));
        await inserted.RemoveAsync();
        Assert.True(await FindsAsync(tool, daemon, card: false));
        await inserted.InsertAsync(TestContext.Current.CancellationToken);
        Assert.True(await FindsAsync(tool, daemon, card: true));
    }

    // pcscd looks at its virtual readers a few times a second.
    private static async Task<bool> FindsAsync(string tool, PcscDaemon daemon, bool card)
    {
        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < Patience)
        {
            ProcessStartInfo start = new(tool, ["-a", "version"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            foreach ((string name, string value) in daemon.Environs)
            {
                start.Environment[name] = value;
            }

            using Process process = Process.Start(start)!; // not shell-executed, so there is a process
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (process.ExitCode == 0 == card)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<PivCard> RunAsync(string flow, Version firmware)
    {
        Requires.Tool("openssl");
        PcscDaemon daemon = _reader.Daemon;
        PivCard card = new(new PivCardOptions { Firmware = firmware, Serial = 20261125 });
        await using VpcdCard inserted = new(card, daemon.Readers[0].Port);
        await inserted.InsertAsync(TestContext.Current.CancellationToken);
        using X509Certificate2 root = X509CertificateLoader.LoadCertificate(card.AttestationRoot.Span);
        Dictionary<string, string> environment = new(daemon.Environs)
        {
            ["ROOT"] = "root.pem",
            ["SERIAL"] = card.Serial.ToString(CultureInfo.InvariantCulture),
            ["FIRMWARE"] = card.Firmware.ToString(),
        };
        await ToolFlow.RunAsync(Flows, flow, environment, ("root.pem", root.ExportCertificatePem()));
        return card;
    }

    /// <summary>One daemon for all tests of the class, which run one after the other; started by the first, because
    /// only a test can be skipped where it cannot be.</summary>
    public sealed class Reader : IDisposable
    {
        private PcscDaemon? _daemon;

        internal PcscDaemon Daemon => _daemon ??= new PcscDaemon();

        public void Dispose() => _daemon?.Dispose();
    }
}
