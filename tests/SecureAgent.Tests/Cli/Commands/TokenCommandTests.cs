using System.Text.Json;
using SecureAgent.Cli;
using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.Cli.Commands;

public sealed class TokenCommandTests : IDisposable
{
    private const string Reader = "Reader 00 00";
    private readonly TestSurroundings _surroundings = new();

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public async Task Without_the_service_listing_says_how_to_start_it_and_ends_with_69()
    {
        _surroundings.SmartCardReaders.SetService(runs: false);

        Assert.Equal(ExitCode.DeviceAbsent, await _surroundings.RunAsync("token", "list"));
        Assert.Contains("systemctl enable --now pcscd.socket", _surroundings.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await _surroundings.RunAsync("key", "list"));
    }

    [Fact]
    public async Task A_token_that_another_program_holds_ends_with_75()
    {
        _surroundings.SmartCardReaders.Insert(Reader, new PivCard(new PivCardOptions()));
        _surroundings.SmartCardReaders.SetExclusive(Reader, isExclusive: true);

        Assert.Equal(ExitCode.Busy, await _surroundings.RunAsync("token", "info"));
        Assert.Contains("held exclusively", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_tokens_are_told_apart_by_their_serial_numbers()
    {
        _surroundings.SmartCardReaders.Insert(Reader, new PivCard(new PivCardOptions { Serial = 1 }));
        _surroundings.SmartCardReaders.Insert("Reader 01 00", new PivCard(new PivCardOptions { Serial = 2 }));

        Assert.Equal(ExitCode.Failed, await _surroundings.RunAsync("token", "info"));
        Assert.Equal(ExitCode.Done, await _surroundings.RunAsync("token", "info", "--token", "2", "--json"));
        Assert.Equal("2", JsonDocument.Parse(_surroundings.Out).RootElement.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Switched_off_tokens_are_not_looked_for()
    {
        _surroundings.SmartCardReaders.Insert(Reader, new PivCard(new PivCardOptions()));
        _surroundings.Environment["SECUREAGENT_PIV"] = "off";

        Assert.Equal(ExitCode.DeviceAbsent, await _surroundings.RunAsync("token", "list"));
        Assert.Empty(_surroundings.SmartCardReaders.Apdus);
    }

    [Fact]
    public async Task Looking_at_a_token_costs_no_try_and_sends_no_PIN()
    {
        PivCard card = new(new PivCardOptions());
        _surroundings.SmartCardReaders.Insert(Reader, card);

        foreach (string[] command in new[] { ["token", "list"], ["token", "info"], ["key", "list"], new[] { "status" } })
        {
            await _surroundings.RunAsync(command);
        }

        Assert.Equal(0, _surroundings.SmartCardReaders.PinsSent);
        Assert.Equal((3, 3), (card.PinTriesLeft, card.PukTriesLeft));
    }
}
