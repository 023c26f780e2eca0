using System.CommandLine;
using System.Globalization;
using System.Text;
using SecureAgent.Backends.Piv;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Cli.Tokens;

namespace SecureAgent.Cli.Commands;

/// <summary><c>attest</c> and <c>attest verify</c>: evidence that a key was made on a token and cannot leave it.</summary>
internal static class AttestCommand
{
    private const int LineCharacters = 500;
    private const int MaximumFileBytes = 256 * 1024;

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Argument<string?> name = new("NAME") { Arity = ArgumentArity.ZeroOrOne, Description = "the key" };
        Option<string?> output = new("--out") { HelpName = "FILE", Description = "write it here, not to standard output" };
        Command attest = new("attest", "Collect the evidence that a key was made on its token.")
        {
            name, output, CreateVerify(surroundings),
        };
        attest.SetAction((result, ct) => AttestAsync(
            common.Read(result),
            result.GetValue(name) ?? throw new CommandException(ExitCode.Usage, "attest takes the NAME of a key."),
            result.GetValue(output),
            result.GetValue(common.Verbose),
            surroundings,
            ct));
        return attest;
    }

    private static Command CreateVerify(Surroundings surroundings)
    {
        Argument<string> file = new("FILE") { Description = "what attest wrote" };
        Option<string> root = new("--root")
        {
            HelpName = "FILE",
            Description = "the roots to trust, in PEM, and any certificates below them that the token does not carry. "
                + "Yubico's are at https://developers.yubico.com/PKI/",
            Required = true,
        };
        Option<bool> json = JsonOption.Create();
        Command verify = new("verify", "Verify such evidence, offline; ends with 1 if it is not valid.")
        {
            file, root, json,
        };
        verify.SetAction((result, _) => VerifyAsync(
            result.GetRequiredValue(file), result.GetRequiredValue(root), result.GetValue(json), surroundings));
        return verify;
    }

    private static async Task<int> AttestAsync(
        Settings settings, string name, string? output, bool verbose, Surroundings surroundings, CancellationToken ct)
    {
        Composition composition = Composition.OfCommand(settings, surroundings, verbose);
        await using (composition.ConfigureAwait(false))
        {
            if (await TokenKeyFinder.FindAsync(composition, name, ct).ConfigureAwait(false)
                is not (PivToken token, PivKey key))
            {
                throw new CommandException(
                    ExitCode.DeviceAbsent, composition.Keys.Has(name)
                        ? $"{name} is a key of the TPM, and this version attests keys of PIV tokens only."
                        : $"There is no key {name} on a token in a reader. To see what there is: secure-agent key list");
            }

            OpenToken open = await OpenToken.OpenAsync(composition, token.Id, surroundings.Error, ct)
                .ConfigureAwait(false);
            await using (open.ConfigureAwait(false))
            {
                PivAttestation attestation = await new PivAdministration(open.Session).AttestAsync(key.Slot, ct)
                    .ConfigureAwait(false);
                string text = PivAttestationVerifier.Write(attestation);
                await (output is null
                    ? surroundings.Out.WriteAsync(text)
                    : File.WriteAllTextAsync(output, text, ct)).ConfigureAwait(false);
                return ExitCode.Done;
            }
        }
    }

    private static async Task<int> VerifyAsync(string file, string root, bool json, Surroundings surroundings)
    {
        PivAttestationStatement statement = PivAttestationVerifier.Verify(ReadText(file), ReadText(root));
        AttestationOutput output = new()
        {
            Type = PivKeyTypes.NameOf(statement.PublicKey),
            Fingerprint = statement.PublicKey.Fingerprint,
            Serial = statement.Serial?.ToString(CultureInfo.InvariantCulture),
            Firmware = statement.Firmware?.ToString(),
            Slot = statement.Slot,
            PinPolicy = statement.PinPolicy is PivPinPolicy pin ? TokenText.Of(pin) : null,
            TouchPolicy = statement.TouchPolicy is PivTouchPolicy touch ? TokenText.Of(touch) : null,
            Root = statement.Root,
        };
        if (json)
        {
            await surroundings.Out.WriteLineAsync(JsonText.Of(output)).ConfigureAwait(false);
            return ExitCode.Done;
        }

        (string Label, string? Value)[] fields =
        [
            ("key", $"{output.Type} {output.Fingerprint}"),
            ("made on", output.Serial is null ? "a token" : $"YubiKey {output.Serial}"),
            ("firmware", output.Firmware),
            ("slot", output.Slot),
            ("PIN", output.PinPolicy),
            ("touch", output.TouchPolicy),
            ("root", output.Root),
        ];
        foreach ((string label, string? value) in fields.Where(field => field.Value is not null))
        {
            await surroundings.Out.WriteLineAsync(SafeText.Line($"{label + ":",-12} {value}", LineCharacters))
                .ConfigureAwait(false);
        }

        return ExitCode.Done;
    }

    private static string ReadText(string path)
    {
        byte[] buffer = new byte[MaximumFileBytes + 1];
        return Encoding.UTF8.GetString(buffer, 0, BoundedFile.Read(path, buffer));
    }
}
