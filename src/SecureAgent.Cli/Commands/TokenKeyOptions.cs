using System.CommandLine;
using SecureAgent.Backends.Piv;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Cli.Tokens;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Commands;

/// <summary>What <c>key new</c> and <c>key import</c> take and do for keys on PIV tokens.</summary>
internal sealed class TokenKeyOptions
{
    private const int LineCharacters = 500;
    private const int FreeSlotsShown = 4;

    private readonly CommonOptions _common;
    private readonly Surroundings _surroundings;
    private readonly Option<string?> _slot =
        new("--slot") { HelpName = "SLOT", Description = "on a token: 9a (unless said), 9c, 9d, 9e, or 82 to 95" };

    private readonly Option<string?> _touch = OneOf(
        "--touch", "on a token: when it wants to be touched", "always", "cached", "never");

    private readonly Option<string?> _pinPolicy = OneOf(
        "--pin-policy", "on a token: when it wants the PIN", "once", "always", "never");

    private readonly Option<bool> _force =
        new("--force") { Description = "on a token: overwrite the key that is in the slot, for good" };

    /// <summary>Creates the options.</summary>
    public TokenKeyOptions(CommonOptions common, Surroundings surroundings) =>
        (_common, _surroundings) = (common, surroundings);

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_slot, _touch, _pinPolicy, _force];

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>Makes a key on a token.</summary>
    public Task<int> NewAsync(
        ParseResult result, TokenSelection token, string name, PivAlgorithm algorithm, string? comment,
        CancellationToken ct) =>
        RunAsync(
            result, token, name, comment, async (composition, open, request) =>
            {
                await TokenDefaults.OfferReplacementAsync(composition, open, _surroundings.Error, ct)
                    .ConfigureAwait(false);
                return await new PivEnrolment(open.Session).NewAsync(request with { Algorithm = algorithm }, ct)
                    .ConfigureAwait(false);
            },
            ct);

    /// <summary>Moves an existing key to a token.</summary>
    public Task<int> ImportAsync(
        ParseResult result, TokenSelection token, string name, string file, string? comment, CancellationToken ct) =>
        RunAsync(
            result, token, name, comment, async (composition, open, request) =>
            {
                await TokenDefaults.OfferReplacementAsync(composition, open, _surroundings.Error, ct)
                    .ConfigureAwait(false);
                return await PrivateKeyInput.ReadAsync(
                    file, composition,
                    (content, ask) => new PivEnrolment(open.Session).ImportAsync(request, content, file, ask, ct))
                    .ConfigureAwait(false);
            },
            ct);

    private async Task<int> RunAsync(
        ParseResult result, TokenSelection selection, string name, string? comment,
        Func<Composition, OpenToken, PivKeyRequest, Task<PivKey>> enrol, CancellationToken ct)
    {
        Settings settings = _common.Read(result);
        PivKeyRequest request = new()
        {
            Name = name,
            Slot = SlotOf(result),
            PinPolicy = result.GetValue(_pinPolicy) switch
            {
                "once" => PivPinPolicy.Once,
                "always" => PivPinPolicy.Always,
                "never" => PivPinPolicy.Never,
                _ => PivPinPolicy.Default,
            },
            TouchPolicy = result.GetValue(_touch) switch
            {
                "always" => PivTouchPolicy.Always,
                "cached" => PivTouchPolicy.Cached,
                "never" => PivTouchPolicy.Never,
                _ => PivTouchPolicy.Default,
            },
            Force = result.GetValue(_force),
        };
        Composition composition = Composition.OfCommand(settings, _surroundings, result.GetValue(_common.Verbose));
        await using (composition.ConfigureAwait(false))
        {
            OpenToken open = await OpenToken.OpenAsync(composition, selection.Id, _surroundings.Error, ct)
                .ConfigureAwait(false);
            await using (open.ConfigureAwait(false))
            {
                RequireFreeSlot(open.Token, request);
                PivKey? replaced = open.Token.Keys.FirstOrDefault(key => key.Slot == request.Slot);
                PivPublicKeyFiles files = composition.TokenKeyFiles;
                files.RequireFree(name, replaced?.PublicKey);
                PivKey key = await enrol(composition, open, request).ConfigureAwait(false);
                composition.AnnounceTokenChange();
                await SayAsync(key, files, name, comment ?? key.Comment).ConfigureAwait(false);
                await open.RefreshAsync(ct).ConfigureAwait(false);
                foreach (PivWeakness weakness in open.Info.Weaknesses)
                {
                    await _surroundings.Error.WriteLineAsync(
                        SafeText.Line($"secure-agent: warning: {TokenText.Of(weakness)}", LineCharacters))
                        .ConfigureAwait(false);
                }

                return ExitCode.Done;
            }
        }
    }

    private async Task SayAsync(PivKey key, PivPublicKeyFiles files, string name, string comment)
    {
        PublicKey publicKey = key.PublicKey ?? throw new CommandException(
            ExitCode.Failed, $"{key.Reference} holds the key now, but does not tell its public half.");
        string path = files.Write(name, publicKey, comment);
        string line = $"{name}: {PivKeyTypes.NameOf(key.Algorithm)} {publicKey.Fingerprint} in {key.Reference}, public "
            + $"key in {path}";
        await _surroundings.Out.WriteLineAsync(SafeText.Line(line, LineCharacters)).ConfigureAwait(false);
        await _surroundings.Error.WriteLineAsync(SafeText.Line(
            $"To log in with it, put the line of {path} into ~/.ssh/authorized_keys on the server: "
            + $"ssh-copy-id -f -i {path} HOST", LineCharacters)).ConfigureAwait(false);
    }

    private PivSlot SlotOf(ParseResult result)
    {
        if (result.GetValue(_slot) is not string text)
        {
            return PivSlot.Authentication;
        }

        try
        {
            return PivSlot.Parse(text);
        }
        catch (BackendException e)
        {
            throw new CommandException(ExitCode.Usage, e.Message);
        }
    }

    private static void RequireFreeSlot(PivToken token, PivKeyRequest request)
    {
        if (request.Force || token.Keys.FirstOrDefault(key => key.Slot == request.Slot) is not PivKey taken)
        {
            return;
        }

        PivSlot[] free = [.. PivSlot.All.Except(token.Keys.Select(key => key.Slot))];
        string names = string.Join(", ", free.Take(FreeSlotsShown));
        string more = free.Length > FreeSlotsShown ? $" and {free.Length - FreeSlotsShown} more" : "";
        throw new CommandException(
            ExitCode.Failed,
            $"There is a key in slot {request.Slot} of {token.Name}: {taken.Comment}. "
            + (free.Length > 0 ? $"Free are {names}{more}: --slot {free[0]}. " : "No slot is free. ")
            + "Or let --force overwrite it, for good.");
    }

    private static Option<string?> OneOf(string name, string description, params string[] values)
    {
        Option<string?> option = new(name)
        {
            HelpName = string.Join('|', values),
            Description = description,
        };
        option.Validators.Add(given =>
        {
            if (!values.Contains(given.GetValueOrDefault<string>()))
            {
                given.AddError($"{name} takes {string.Join(", ", values)}.");
            }
        });
        return option;
    }
}
