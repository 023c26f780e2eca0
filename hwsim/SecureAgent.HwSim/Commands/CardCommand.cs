using System.CommandLine;
using System.Globalization;
using SecureAgent.HwSim.Piv;
using SecureAgent.HwSim.Servers;

namespace SecureAgent.HwSim.Commands;

/// <summary><c>hwsim card</c>: puts one simulated PIV card into a virtual reader until it is told to stop.</summary>
internal sealed class CardCommand : IAsyncDisposable
{
    private const string Vpcd = "--vpcd";
    private const string TouchAlways = "always";
    private const string TouchNever = "never";
    private const string TouchControl = "control";

    private readonly PivCard _card;
    private readonly VpcdCard _reader;
    private readonly TextWriter _output;

    private CardCommand(PivCard card, int port, TextWriter output)
    {
        (_card, _output) = (card, output);
        _reader = new VpcdCard(card, port);
        _card.TouchWanted += (_, _) => Say("waiting for a touch");
    }

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        Option<int> vpcd = new(Vpcd)
        {
            HelpName = "PORT",
            DefaultValueFactory = _ => VpcdCard.DefaultPort,
            Description = "The port of 127.0.0.1 at which a reader of vsmartcard's vpcd waits for its card.",
        };
        vpcd.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => !IsPort(token.Value)))
            {
                result.AddError($"{Vpcd}: a port is 1 to {ushort.MaxValue}.");
            }
        });
        Option<string> firmware = new("--firmware")
        {
            DefaultValueFactory = _ => PivCardOptions.Firmware572.ToString(),
            Description = "The YubiKey firmware that it behaves like.",
        };
        firmware.AcceptOnlyFromAmong(PivCardOptions.Firmware543.ToString(), PivCardOptions.Firmware572.ToString());
        Option<uint> serial = new("--serial")
        {
            HelpName = "N",
            DefaultValueFactory = _ => new PivCardOptions().Serial,
            Description = "The serial number.",
        };
        Option<string> touch = new("--touch")
        {
            DefaultValueFactory = _ => TouchAlways,
            Description =
                "Whether it is touched when a key needs that: at once, not at all, or when you type \"touch\".",
        };
        touch.AcceptOnlyFromAmong(TouchAlways, TouchNever, TouchControl);
        Option<FileInfo?> state = new("--state")
        {
            HelpName = "FILE",
            Description = "Keep the card in this file, which has firmware and serial number too; without it, every "
                + "start is a new card.",
        };
        Command command = new("card", "Put a simulated PIV card into a virtual reader of pcscd. Reads commands from "
            + "standard input: insert, remove, touch. Ctrl-C ends it.")
        {
            vpcd, firmware, serial, touch, state,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            new PivCardOptions
            {
                Firmware = Version.Parse(result.GetRequiredValue(firmware)),
                Serial = result.GetValue(serial),
                Touch = TouchOf(result.GetRequiredValue(touch)),
                StateFile = result.GetValue(state)?.FullName,
            },
            result.GetValue(vpcd),
            result.InvocationConfiguration.Output, result.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    /// <summary>Pulls the card out.</summary>
    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private static bool IsPort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0;

    private static PivTouch TouchOf(string text) => text switch
    {
        TouchNever => PivTouch.Never,
        TouchControl => PivTouch.AfterControl,
        _ => PivTouch.Always,
    };

    private static async Task<int> RunAsync(
        PivCardOptions options, int port, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        try
        {
            CardCommand run = new(new PivCard(options), port, TextWriter.Synchronized(output));
            await using (run.ConfigureAwait(false))
            {
                await run.ServeAsync(port, cancellationToken).ConfigureAwait(false);
            }

            return ExitCodes.Done;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Done;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"hwsim: {e.Message}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
    }

    private async Task ServeAsync(int port, CancellationToken cancellationToken)
    {
        Say($"serial {_card.Serial}, firmware {_card.Firmware}; reader at 127.0.0.1:{port}");
        await InsertAsync(cancellationToken).ConfigureAwait(false);
        while (await ReadAsync(cancellationToken).ConfigureAwait(false) is string line)
        {
            await ControlAsync(line.Trim(), cancellationToken).ConfigureAwait(false);
        }

        // Nobody has anything to say any more: started with no input, or its writer went away.
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
    }

    private async Task ControlAsync(string command, CancellationToken cancellationToken)
    {
        switch (command)
        {
            case "insert":
                await InsertAsync(cancellationToken).ConfigureAwait(false);
                break;
            case "remove":
                await _reader.RemoveAsync().ConfigureAwait(false);
                Say("removed");
                break;
            case "touch":
                Say(_card.Touch() ? "touched" : "it does not wait for a touch");
                break;
            case "":
                break;
            default:
                Say($"no such command: {command}; there are insert, remove and touch");
                break;
        }
    }

    private async Task InsertAsync(CancellationToken cancellationToken)
    {
        await _reader.InsertAsync(cancellationToken).ConfigureAwait(false);
        Say("inserted");
    }

    // A read of a terminal cannot be cancelled; the process ends with it pending.
    private static Task<string?> ReadAsync(CancellationToken cancellationToken) =>
        Task.Run(Console.In.ReadLine, cancellationToken).WaitAsync(cancellationToken);

    private void Say(string line)
    {
        _output.WriteLine(line);
        _output.Flush();
    }
}
