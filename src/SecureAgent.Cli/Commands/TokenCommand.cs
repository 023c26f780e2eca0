using System.CommandLine;
using System.Globalization;
using SecureAgent.Backends.Piv;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Cli.Tokens;
using SecureAgent.Core;

namespace SecureAgent.Cli.Commands;

/// <summary><c>token</c> and its subcommands: PIV tokens, their PIN, PUK and management key.</summary>
internal sealed class TokenCommand
{
    private const int LineCharacters = 500;

    private readonly CommonOptions _common;
    private readonly Surroundings _surroundings;
    private readonly Option<string?> _token = new("--token")
    {
        HelpName = "SERIAL",
        Description = "which one, where there are several",
        Recursive = true,
    };

    private TokenCommand(CommonOptions common, Surroundings surroundings) =>
        (_common, _surroundings) = (common, surroundings);

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        TokenCommand token = new(common, surroundings);
        return new Command("token", "PIV tokens such as YubiKeys: look at them, set PIN and PUK, empty them.")
        {
            token._token,
            token.CreateList(),
            token.CreateInfo(),
            token.CreateSimple(
                "set-pin", "Change the PIN.", (admin, ct) => admin.ChangePinAsync(ct), name => $"{name} has a new PIN."),
            token.CreateSimple(
                "set-puk", "Change the PUK, which sets a new PIN when that is blocked.",
                (admin, ct) => admin.ChangePukAsync(ct), name => $"{name} has a new PUK."),
            token.CreateSimple(
                "unblock", "Set a new PIN with the PUK.",
                (admin, ct) => admin.UnblockAsync(ct), name => $"{name} has a new PIN."),
            token.CreateTries(),
            token.CreateManagementKey(),
            token.CreateReset(),
        };
    }

    private Command CreateList()
    {
        Option<bool> json = JsonOption.Create();
        Command list = new("list", "List the tokens in the readers.") { json };
        list.SetAction((result, ct) => WithCompositionAsync(
            result, composition => ListAsync(composition, result.GetValue(json), ct)));
        return list;
    }

    private Command CreateInfo()
    {
        Option<bool> json = JsonOption.Create();
        Command info = new("info", "Show how a token is set up. Costs no try.") { json };
        info.SetAction((result, ct) => WithTokenAsync(
            result,
            (composition, open) =>
            {
                TokenOutput output = TokenText.Describe(open.Info, composition.TokenKeyFiles);
                return result.GetValue(json) ? PrintAsync(JsonText.Of(output)) : PrintInfoAsync(output, open.Info);
            },
            ct));
        return info;
    }

    private Command CreateSimple(
        string name, string description, Func<PivAdministration, CancellationToken, Task> action,
        Func<string, string> done)
    {
        Command command = new(name, description);
        command.SetAction((result, ct) => WithTokenAsync(
            result,
            async (_, open) =>
            {
                await action(new PivAdministration(open.Session), ct).ConfigureAwait(false);
                await SayAsync(done(open.Token.Name)).ConfigureAwait(false);
            },
            ct));
        return command;
    }

    private Command CreateTries()
    {
        Argument<int> pin = TriesArgument("PIN-TRIES", "wrong PINs in a row that block the PIN, 1 to 15");
        Argument<int> puk = TriesArgument("PUK-TRIES", "wrong PUKs in a row that block the PUK, 1 to 15");
        Command command = new("set-tries", "Set how many wrong PINs and PUKs are taken. Sets the PUK to 12345678.")
        {
            pin, puk,
        };
        command.SetAction((result, ct) => WithTokenAsync(
            result,
            async (_, open) =>
            {
                int pinTries = result.GetValue(pin);
                int pukTries = result.GetValue(puk);
                await new PivAdministration(open.Session).SetTriesAsync(pinTries, pukTries, ct).ConfigureAwait(false);
                await SayAsync(
                    $"{open.Token.Name} takes {pinTries} wrong PINs and {pukTries} wrong PUKs. The PIN is as before; the PUK "
                    + "is 12345678 now, so change it: secure-agent token set-puk").ConfigureAwait(false);
            },
            ct));
        return command;
    }

    private Command CreateManagementKey()
    {
        Command command = new(
            "set-management-key", "Replace the management key by a random one that is kept on the token, behind the PIN.");
        command.SetAction((result, ct) => WithTokenAsync(
            result,
            async (_, open) =>
            {
                await new PivAdministration(open.Session)
                    .ChangeManagementKeyAsync(algorithm: null, key: null, isStored: true, ct).ConfigureAwait(false);
                await SayAsync(
                    $"{open.Token.Name} has a random management key now, which the PIN opens. ykman and this program find it "
                    + "there.").ConfigureAwait(false);
            },
            ct));
        return command;
    }

    private Command CreateReset()
    {
        Option<bool> yes = new("--yes") { Description = "do not ask" };
        Command reset = new("reset", "Empty a token: every key, certificate, the PIN and the PUK are lost for good.") { yes };
        reset.SetAction((result, ct) => WithTokenAsync(
            result,
            async (composition, open) =>
            {
                if (!result.GetValue(yes))
                {
                    await RequireConfirmedAsync(composition, open.Token, ct).ConfigureAwait(false);
                }

                await new PivAdministration(open.Session).ResetAsync(ct).ConfigureAwait(false);
                composition.AnnounceTokenChange();
                await SayAsync($"{open.Token.Name} is empty now. Its PIN is 123456 and its PUK 12345678, so change them: "
                    + "secure-agent token set-pin, secure-agent token set-puk").ConfigureAwait(false);
            },
            ct));
        return reset;
    }

    private async Task<int> ListAsync(Composition composition, bool json, CancellationToken ct)
    {
        PivTokens tokens = composition.Tokens ?? throw OpenToken.SwitchedOff();
        PivPublicKeyFiles files = composition.TokenKeyFiles;
        TokenOutput[] found =
        [
            .. (await tokens.ListAsync(ct).ConfigureAwait(false)).Select(token => TokenText.Describe(token, files)),
        ];
        if (json)
        {
            await PrintAsync(JsonText.Of(new TokenListOutput(1, found))).ConfigureAwait(false);
            return ExitCode.Done;
        }

        foreach (TokenOutput token in found)
        {
            await PrintAsync(SafeText.Line(TokenText.Line(token), LineCharacters)).ConfigureAwait(false);
        }

        if (found.Length == 0)
        {
            await SayAsync("There is no token in any reader.").ConfigureAwait(false);
        }

        return ExitCode.Done;
    }

    private async Task PrintInfoAsync(TokenOutput token, PivTokenInfo info)
    {
        string defaults = TokenDefaults.Of(info);
        (string Label, string? Value)[] fields =
        [
            ("token", token.Name),
            ("reader", token.Reader),
            ("firmware", token.Firmware),
            ("PIN", Tries(token.PinTriesLeft)),
            ("PUK", Tries(token.PukTriesLeft)),
            ("management", token.ManagementKey + (token.ManagementKeyIsStored ? ", kept behind the PIN" : "")),
            .. token.Keys.Select(key => (
                "key", (string?)$"{key.Reference}  {key.Type}  {key.Fingerprint ?? key.Problem}  {key.Name}")),
            ("warning", defaults.Length == 0
                ? null : $"{defaults} as on new tokens, known to everybody: {TokenDefaults.Cure(info)}"),
            .. token.Weaknesses.Select(weakness => ("weakness", (string?)weakness)),
        ];
        foreach ((string label, string? value) in fields.Where(field => !string.IsNullOrEmpty(field.Value)))
        {
            await PrintAsync(SafeText.Line($"{label + ":",-12} {value}", LineCharacters)).ConfigureAwait(false);
        }
    }

    private static string? Tries(int? left) => left switch
    {
        null => null,
        0 => "blocked",
        int some => string.Create(CultureInfo.InvariantCulture, $"{some} tries left"),
    };

    private static async Task RequireConfirmedAsync(Composition composition, PivToken token, CancellationToken ct)
    {
        string keys = token.Keys.Count == 1 ? "its key" : $"all {token.Keys.Count} keys";
        string question = $"Empty {token.Name}, with {keys}? Nothing can bring them back.";
        try
        {
            if (!await composition.Prompter.ConfirmAsync(question, ct).ConfigureAwait(false))
            {
                throw new CommandException(ExitCode.Failed, $"{token.Name} is as it was.");
            }
        }
        catch (BackendException e)
        {
            throw new CommandException(ExitCode.Failed, $"{token.Name} is as it was. {e.Message} Or give --yes.");
        }
    }

    private static Argument<int> TriesArgument(string name, string description)
    {
        Argument<int> argument = new(name) { Description = description };
        argument.Validators.Add(given =>
        {
            // What is no number has its error already.
            if (int.TryParse(given.Tokens[0].Value, CultureInfo.InvariantCulture, out int tries) && tries is < 1 or > 15)
            {
                given.AddError($"{name} is 1 to 15.");
            }
        });
        return argument;
    }

    private Task<int> WithTokenAsync(
        ParseResult result, Func<Composition, OpenToken, Task> action, CancellationToken ct) =>
        WithCompositionAsync(result, async composition =>
        {
            OpenToken open = await OpenToken.OpenAsync(composition, result.GetValue(_token), _surroundings.Error, ct)
                .ConfigureAwait(false);
            await using (open.ConfigureAwait(false))
            {
                await action(composition, open).ConfigureAwait(false);
                return ExitCode.Done;
            }
        });

    private async Task<int> WithCompositionAsync(ParseResult result, Func<Composition, Task<int>> action)
    {
        Settings settings = _common.Read(result);
        Composition composition = Composition.OfCommand(settings, _surroundings, result.GetValue(_common.Verbose));
        await using (composition.ConfigureAwait(false))
        {
            return await action(composition).ConfigureAwait(false);
        }
    }

    private Task PrintAsync(string text) => _surroundings.Out.WriteLineAsync(text);

    private Task SayAsync(string text) => _surroundings.Error.WriteLineAsync(SafeText.Line(text, LineCharacters));
}
