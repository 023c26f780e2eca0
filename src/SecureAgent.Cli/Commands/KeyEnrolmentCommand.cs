using System.CommandLine;
using System.Security.Cryptography;
using SecureAgent.Backends.Piv;
using SecureAgent.Backends.Tpm;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Cli.Tokens;
using SecureAgent.Core;

namespace SecureAgent.Cli.Commands;

/// <summary><c>key new</c>, <c>key import</c> and <c>key seal</c>: what puts a private key into hardware.</summary>
internal sealed class KeyEnrolmentCommand
{
    private const int NameCharacters = 100;
    private const int PinRounds = 3;

    private static readonly string[] TpmTypes = ["ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-2048", "rsa-3072"];

    private readonly CommonOptions _common;
    private readonly Surroundings _surroundings;
    private readonly Argument<string> _name = KeyCommand.NewNameArgument("NAME", "what to call it");
    private readonly Option<string?> _in =
        new("--in") { HelpName = "WHERE", Description = "the hardware: tpm, piv or piv:SERIAL", Required = true };
    private readonly TokenKeyOptions _token;
    private readonly Option<bool> _pin = new("--pin") { Description = "ask for a PIN, which every use will need" };
    private readonly Option<string?> _pcrs = new("--pcr")
    {
        HelpName = "LIST",
        Description = "bind it to the values that these PCRs have now, such as sha256:0,2,7",
    };

    private readonly Option<string?> _comment = new("--comment", "-C")
    {
        HelpName = "TEXT",
        Description = "the comment in the public key",
    };

    private KeyEnrolmentCommand(CommonOptions common, Surroundings surroundings)
    {
        (_common, _surroundings) = (common, surroundings);
        _token = new TokenKeyOptions(common, surroundings);
    }

    /// <summary>Creates <c>key new</c>.</summary>
    public static Command CreateNew(CommonOptions common, Surroundings surroundings)
    {
        KeyEnrolmentCommand options = new(common, surroundings);
        string[] types = [.. TpmTypes.Union(PivKeyTypes.Names)];
        Option<string> type = new("--type", "-t")
        {
            HelpName = "TYPE",
            Description = $"{string.Join(", ", types)}, as the hardware has them",
            DefaultValueFactory = _ => types[0],
        };
        type.Validators.Add(given =>
        {
            if (!types.Contains(given.GetValueOrDefault<string>()))
            {
                given.AddError($"--type takes {string.Join(", ", types)}.");
            }
        });
        Command command = new("new", "Make a key in hardware, and write NAME.pub.")
        {
            options._name, options._in, type, options._pin, options._pcrs, options._comment,
        };
        options._token.AddTo(command);
        command.SetAction((result, ct) =>
        {
            string wanted = result.GetRequiredValue(type);
            if (options.TokenOf(result) is TokenSelection token)
            {
                RequireOneOf(PivKeyTypes.Names, wanted, "No PIV token has such keys.");
                return options._token.NewAsync(
                    result, token, result.GetRequiredValue(options._name), PivKeyTypes.Parse(wanted),
                    result.GetValue(options._comment), ct);
            }

            RequireOneOf(
                TpmTypes,
                wanted,
                wanted == "ed25519"
                    ? "No TPM makes Ed25519 keys. secure-agent key seal NAME makes one that only the TPM can open."
                    : "No TPM has such keys.");
            return options.RunAsync(result, (enrolment, _, request) => enrolment.NewAsync(request, wanted, ct), ct);
        });
        return command;
    }

    /// <summary>Creates <c>key import</c>.</summary>
    public static Command CreateImport(CommonOptions common, Surroundings surroundings)
    {
        KeyEnrolmentCommand options = new(common, surroundings);
        Argument<string> file =
            new("FILE") { Description = "a private key of ssh-keygen or in PEM; it stays as it is" };
        Command command = new("import", "Move an existing private key into hardware, and write NAME.pub.")
        {
            options._name, file, options._in, options._pin, options._pcrs, options._comment,
        };
        options._token.AddTo(command);
        command.SetAction((result, ct) => options.TokenOf(result) is TokenSelection token
            ? options._token.ImportAsync(
                result, token, result.GetRequiredValue(options._name), result.GetRequiredValue(file),
                result.GetValue(options._comment), ct)
            : options.RunAsync(
                result,
                (enrolment, composition, request) => PrivateKeyInput.ReadAsync(
                    result.GetRequiredValue(file),
                    composition,
                    (content, ask) => enrolment.ImportAsync(request, content, result.GetRequiredValue(file), ask, ct)),
                ct));
        return command;
    }

    /// <summary>Creates <c>key seal</c>.</summary>
    public static Command CreateSeal(CommonOptions common, Surroundings surroundings)
    {
        KeyEnrolmentCommand options = new(common, surroundings);
        Argument<string?> file = new("FILE")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "an Ed25519 private key of ssh-keygen or in PEM; it stays as it is. Without, one is made",
        };
        Command command = new("seal", "Make or take an Ed25519 key that only the TPM can open, and write NAME.pub.")
        {
            options._name, file, options._pin, options._pcrs, options._comment,
        };
        command.SetAction((result, ct) => options.RunAsync(
            result,
            (enrolment, composition, request) => result.GetValue(file) is string path
                ? PrivateKeyInput.ReadAsync(
                    path, composition, (content, ask) => enrolment.SealAsync(request, content, path, ask, ct))
                : enrolment.SealAsync(request, ct),
            ct));
        return command;
    }

    private async Task<int> RunAsync(
        ParseResult result,
        Func<TpmEnrolment, Composition, TpmKeyRequest, Task<TpmKeyEntry>> enrol,
        CancellationToken ct)
    {
        Settings settings = _common.Read(result);
        Composition composition = Composition.OfCommand(settings, _surroundings, result.GetValue(_common.Verbose));
        await using (composition.ConfigureAwait(false))
        {
            string name = result.GetRequiredValue(_name);
            composition.Keys.RequireFree(name);
            using Secret? pin = result.GetValue(_pin)
                ? await NewPinAsync(composition, name, ct).ConfigureAwait(false) : null;
            TpmKeyRequest request = new()
            {
                Name = name,
                Pin = pin,
                Pcrs = result.GetValue(_pcrs),
                Comment = result.GetValue(_comment),
            };
            using TpmEnrolment enrolment = composition.CreateEnrolment();
            TpmKeyEntry key = await enrol(enrolment, composition, request).ConfigureAwait(false);
            string line = $"{key.Name}: {key.Type} {key.PublicKey?.Fingerprint}, public key in "
                + composition.Keys.PublicPath(key.Name);
            await _surroundings.Out.WriteLineAsync(SafeText.Line(line, 500)).ConfigureAwait(false);
            return ExitCode.Done;
        }
    }

    // The token that --in names, or nothing if it names the TPM.
    private TokenSelection? TokenOf(ParseResult result)
    {
        string? place = result.GetValue(_in);
        TokenSelection? token = TokenSelection.Parse(place);
        if (token is null && place != "tpm")
        {
            throw new CommandException(ExitCode.Usage, "--in takes tpm, piv or piv:SERIAL.");
        }

        Option[] foreign = token is null ? [.. _token.All] : [_pin, _pcrs];
        if (foreign.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is Option given)
        {
            throw new CommandException(ExitCode.Usage, $"{given.Name} is nothing for --in {place}.");
        }

        return token;
    }

    private static void RequireOneOf(IEnumerable<string> types, string wanted, string otherwise)
    {
        if (!types.Contains(wanted))
        {
            throw new CommandException(ExitCode.Usage, $"{otherwise} --type takes {string.Join(", ", types)} here.");
        }
    }

    private static async Task<Secret> NewPinAsync(Composition composition, string name, CancellationToken ct)
    {
        string key = SafeText.Quote(name, NameCharacters);
        string first = $"New PIN for key {key} in TPM";
        for (int round = 0; round < PinRounds; round++)
        {
            Secret pin = await composition.Prompter.ReadSecretAsync(first, ct).ConfigureAwait(false)
                ?? throw NoPin(name);
            using Secret? again = await composition.Prompter.ReadSecretAsync($"The new PIN for key {key} once more", ct)
                .ConfigureAwait(false);
            if (again is not null && CryptographicOperations.FixedTimeEquals(pin.Span, again.Span))
            {
                return pin;
            }

            pin.Dispose();
            if (again is null)
            {
                throw NoPin(name);
            }

            first = $"The two were different. New PIN for key {key} in TPM";
        }

        throw NoPin(name);
    }

    private static CommandException NoPin(string name) =>
        new(ExitCode.PinDenied, $"{name} was not made: no PIN was given.");
}
