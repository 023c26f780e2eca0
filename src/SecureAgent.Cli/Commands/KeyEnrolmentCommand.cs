using System.CommandLine;
using System.Security.Cryptography;
using SecureAgent.Backends.PrivateKeys;
using SecureAgent.Backends.Tpm;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Commands;

/// <summary><c>key new</c>, <c>key import</c> and <c>key seal</c>: what puts a private key into hardware.</summary>
internal sealed class KeyEnrolmentCommand
{
    private const int NameCharacters = 100;
    private const int PinRounds = 3;

    private static readonly string[] Types = ["ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-2048", "rsa-3072"];

    private readonly CommonOptions _common;
    private readonly Surroundings _surroundings;
    private readonly Argument<string> _name = KeyCommand.NewNameArgument("NAME", "what to call it");
    private readonly Option<string?> _in =
        new("--in") { HelpName = "WHERE", Description = "the hardware: tpm", Required = true };
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

    private KeyEnrolmentCommand(CommonOptions common, Surroundings surroundings) =>
        (_common, _surroundings) = (common, surroundings);

    /// <summary>Creates <c>key new</c>.</summary>
    public static Command CreateNew(CommonOptions common, Surroundings surroundings)
    {
        KeyEnrolmentCommand options = new(common, surroundings);
        Option<string> type = new("--type", "-t")
        {
            HelpName = "TYPE",
            Description = $"{string.Join(", ", Types)}, as the TPM has them",
            DefaultValueFactory = _ => Types[0],
        };
        type.Validators.Add(given =>
        {
            string? value = given.GetValueOrDefault<string>();
            if (!Types.Contains(value))
            {
                given.AddError(value == "ed25519"
                    ? "No TPM makes Ed25519 keys. secure-agent key seal NAME makes one that only the TPM can open."
                    : $"--type takes {string.Join(", ", Types)}.");
            }
        });
        Command command = new("new", "Make a key in hardware, and write NAME.pub.")
        {
            options._name, options._in, type, options._pin, options._pcrs, options._comment,
        };
        command.SetAction((result, ct) => options.RunAsync(
            result, (enrolment, _, request) => enrolment.NewAsync(request, result.GetRequiredValue(type), ct), ct));
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
        command.SetAction((result, ct) => options.RunAsync(
            result,
            (enrolment, composition, request) => WithPrivateFileAsync(
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
                ? WithPrivateFileAsync(
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
        RequireTpm(result);
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

    private void RequireTpm(ParseResult result)
    {
        string? place = result.CommandResult.Command.Options.Contains(_in) ? result.GetValue(_in) : "tpm";
        if (place == "tpm")
        {
            return;
        }

        throw new CommandException(
            ExitCode.Usage,
            place == "piv" || place?.StartsWith("piv:", StringComparison.Ordinal) == true
                ? "PIV cards are not in this version; --in tpm is."
                : "--in takes tpm.");
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

    private static async Task<TpmKeyEntry> WithPrivateFileAsync(
        string path, Composition composition, Func<ReadOnlyMemory<byte>, AskPassphrase, Task<TpmKeyEntry>> enrol)
    {
        byte[] buffer = GC.AllocateArray<byte>(WireLimits.MaxPrivateKeyFileBytes + 1, pinned: true);
        try
        {
            int length = BoundedFile.Read(path, buffer);
            string file = SafeText.Quote(path, NameCharacters);
            return await enrol(
                buffer.AsMemory(0, length),
                (previousWasWrong, ct) => composition.Prompter.ReadSecretAsync(
                    (previousWasWrong ? "The passphrase was wrong. " : "") + $"Passphrase of {file}", ct))
                        .ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}
