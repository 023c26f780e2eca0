using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using SecureAgent.Tests.HwSim.Servers;

namespace SecureAgent.Tests.HwSim.Commands;

/// <summary><c>hwsim card</c> as a process.</summary>
public sealed partial class CardCommandTests : IDisposable
{
    private const int SIGTERM = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("hwsim-").FullName;
    private readonly Vpcd _reader = new();

    public void Dispose()
    {
        _reader.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Card_is_inserted_removed_touched_and_ended_by_SIGTERM()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGTERM is sent with kill(2)");
        string state = Path.Combine(_directory, "card.state");
        using Process hwsim = Start(
            "card", "--vpcd", _reader.Port.ToString(CultureInfo.InvariantCulture), "--firmware", "5.4.3",
            "--serial", "42", "--touch", "control", "--state", state);
        Assert.Equal($"serial 42, firmware 5.4.3; reader at 127.0.0.1:{_reader.Port}", await ReadLineAsync(hwsim));
        await _reader.AcceptAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal("inserted", await ReadLineAsync(hwsim));

        await SendAsync(hwsim, "touch");
        Assert.Equal("it does not wait for a touch", await ReadLineAsync(hwsim));
        await MakeManagementKeyNeedTouchAsync();
        Task<byte[]> answer = AuthenticateAsync();
        Assert.Equal("waiting for a touch", await ReadLineAsync(hwsim));
        await SendAsync(hwsim, "touch");
        Assert.Equal("touched", await ReadLineAsync(hwsim));
        Assert.Equal([0x90, 0x00], await answer);

        await SendAsync(hwsim, "remove");
        Assert.Equal("removed", await ReadLineAsync(hwsim));
        await SendAsync(hwsim, "insert");
        await _reader.AcceptAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal("inserted", await ReadLineAsync(hwsim));
        await SendAsync(hwsim, "turn");
        Assert.Equal("no such command: turn; there are insert, remove and touch", await ReadLineAsync(hwsim));

        hwsim.StandardInput.Close(); // it goes on without
        await _reader.ExchangeAsync(Convert.FromHexString("00A4040005A000000308"));
        Assert.Equal([0, 0, 0, 42, 0x90, 0], await _reader.ExchangeAsync(Convert.FromHexString("00F80000")));
        Assert.Equal(0, Kill(hwsim.Id, SIGTERM));
        Assert.Equal(0, await EndAsync(hwsim));
        Assert.True(File.Exists(state));
    }

    [Theory]
    [InlineData(64, "card", "--vpcd", "0")]
    [InlineData(64, "card", "--vpcd", "65536")]
    [InlineData(64, "card", "--firmware", "5.2.0")]
    [InlineData(64, "card", "--touch", "sometimes")]
    [InlineData(0, "card", "--help")]
    public async Task Exit_code_tells_a_wrong_command_line(int expected, params string[] arguments)
    {
        using Process hwsim = Start(arguments);
        Task<string> errors = hwsim.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(expected, await EndAsync(hwsim));
        Assert.Equal(expected != 0, (await errors).StartsWith("hwsim: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damaged_state_is_explained()
    {
        string path = Path.Combine(_directory, "there");
        await File.WriteAllTextAsync(path, "not a state file", TestContext.Current.CancellationToken);
        using Process hwsim = Start("card", "--state", path);
        Task<string> errors = hwsim.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await EndAsync(hwsim));
        string expected = $"hwsim: {path} is not the state of a simulated PIV card";
        Assert.StartsWith(expected, await errors, StringComparison.Ordinal);
    }

    // Authentication of the host alone; SET MANAGEMENT KEY with P2 FE.
    private async Task MakeManagementKeyNeedTouchAsync()
    {
        await _reader.ExchangeAsync(Convert.FromHexString("00A4040005A000000308"));
        Assert.Equal([0x90, 0x00], await AuthenticateAsync());
        string key = "010203040506070801020304050607080102030405060708";
        Assert.Equal([0x90, 0x00], await _reader.ExchangeAsync(Convert.FromHexString("00FFFFFE1B039B18" + key)));
    }

    private async Task<byte[]> AuthenticateAsync()
    {
        byte[] challenge = await _reader.ExchangeAsync(Convert.FromHexString("0087039B047C028100"));
        byte[] key = Convert.FromHexString("010203040506070801020304050607080102030405060708");
        byte[] response = SecureAgent.HwSim.Piv.TripleDesBlock.Encrypt(key, challenge.AsSpan(4, 8));
        return await _reader.ExchangeAsync([.. Convert.FromHexString("0087039B0C7C0A8208"), .. response]);
    }

    private static Process Start(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "hwsim.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!; // not shell-executed, so there is a process
    }

    private static async Task SendAsync(Process process, string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string?> ReadLineAsync(Process process)
    {
        string? line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(line is not null, "hwsim ended");
        return line;
    }

    private static async Task<int> EndAsync(Process process)
    {
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(Patience, TestContext.Current.CancellationToken);
            return process.ExitCode;
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}
