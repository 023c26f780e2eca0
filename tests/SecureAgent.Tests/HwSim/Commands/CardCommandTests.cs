using System.Globalization;
using SecureAgent.Tests.HwSim.Servers;

namespace SecureAgent.Tests.HwSim.Commands;

/// <summary><c>hwsim card</c> as a process.</summary>
public sealed class CardCommandTests : IDisposable
{
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
        using HwSimProcess hwsim = new(
            "card", "--vpcd", _reader.Port.ToString(CultureInfo.InvariantCulture), "--firmware", "5.4.3",
            "--serial", "42", "--touch", "control", "--state", state);
        Assert.Equal($"serial 42, firmware 5.4.3; reader at 127.0.0.1:{_reader.Port}", await hwsim.ReadLineAsync());
        await _reader.AcceptAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal("inserted", await hwsim.ReadLineAsync());

        await hwsim.SendAsync("touch");
        Assert.Equal("it does not wait for a touch", await hwsim.ReadLineAsync());
        await MakeManagementKeyNeedTouchAsync();
        Task<byte[]> answer = AuthenticateAsync();
        Assert.Equal("waiting for a touch", await hwsim.ReadLineAsync());
        await hwsim.SendAsync("touch");
        Assert.Equal("touched", await hwsim.ReadLineAsync());
        Assert.Equal([0x90, 0x00], await answer);

        await hwsim.SendAsync("remove");
        Assert.Equal("removed", await hwsim.ReadLineAsync());
        await hwsim.SendAsync("insert");
        await _reader.AcceptAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal("inserted", await hwsim.ReadLineAsync());
        await hwsim.SendAsync("turn");
        Assert.Equal("no such command: turn; there are insert, remove and touch", await hwsim.ReadLineAsync());

        hwsim.CloseInput(); // it goes on without
        await _reader.ExchangeAsync(Convert.FromHexString("00A4040005A000000308"));
        Assert.Equal([0, 0, 0, 42, 0x90, 0], await _reader.ExchangeAsync(Convert.FromHexString("00F80000")));
        hwsim.Terminate();
        Assert.Equal(0, await hwsim.EndAsync());
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
        using HwSimProcess hwsim = new(arguments);
        Assert.Equal(expected, await hwsim.EndAsync());
        Assert.Equal(expected != 0, (await hwsim.Errors).StartsWith("hwsim: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damaged_state_is_explained()
    {
        string path = Path.Combine(_directory, "there");
        await File.WriteAllTextAsync(path, "not a state file", TestContext.Current.CancellationToken);
        using HwSimProcess hwsim = new("card", "--state", path);
        Assert.Equal(1, await hwsim.EndAsync());
        string expected = $"hwsim: {path} is not the state of a simulated PIV card";
        Assert.StartsWith(expected, await hwsim.Errors, StringComparison.Ordinal);
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
}
