using System.CommandLine;
using System.Globalization;
using SecureAgent.Backends.Piv;
using SecureAgent.Backends.Tpm;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Cli.Tokens;

namespace SecureAgent.Cli.Commands;

/// <summary><c>key list</c> and <c>key show</c>. They read the key files and the tokens that are in the readers, and ask
/// no TPM.</summary>
internal static class KeyListCommand
{
    private const int LineCharacters = 500;

    /// <summary>Creates <c>key list</c>.</summary>
    public static Command CreateList(CommonOptions common, Surroundings surroundings)
    {
        Option<bool> json = JsonOption.Create();
        Command list = new("list", "List the keys.") { json };
        list.SetAction((result, ct) => ListAsync(
            common.Read(result), result.GetValue(json), result.GetValue(common.Verbose), surroundings, ct));
        return list;
    }

    /// <summary>Creates <c>key show</c>.</summary>
    public static Command CreateShow(CommonOptions common, Surroundings surroundings)
    {
        Argument<string> name = KeyCommand.NameArgument();
        Option<bool> json = JsonOption.Create();
        Command show = new("show", "Show one key: where it lives and what its use needs.") { name, json };
        show.SetAction((result, ct) => ShowAsync(
            common.Read(result),
            result.GetRequiredValue(name),
            result.GetValue(json),
            result.GetValue(common.Verbose),
            surroundings,
            ct));
        return show;
    }

    private static async Task<int> ListAsync(
        Settings settings, bool json, bool verbose, Surroundings surroundings, CancellationToken ct)
    {
        Composition composition = Composition.OfCommand(settings, surroundings, verbose);
        await using (composition.ConfigureAwait(false))
        {
            PivPublicKeyFiles files = composition.TokenKeyFiles;
            KeyOutput[] keys =
            [
                .. composition.Keys.List().Select(key => Describe(composition.Keys, key)),
                .. (await TokenKeyFinder.ListAsync(composition, ct).ConfigureAwait(false))
                    .Select(found => TokenText.Describe(found.Key, files)),
            ];
            if (json)
            {
                Write(surroundings, JsonText.Of(new KeyListOutput(1, keys)));
                return ExitCode.Done;
            }

            int nameWidth = keys.Select(key => key.Name.Length).DefaultIfEmpty().Max();
            foreach (KeyOutput key in keys)
            {
                string name = key.Name.PadRight(nameWidth);
                string line = key.Fingerprint is null
                    ? $"{name}  unusable: {key.Problem}"
                    : $"{name}  {key.Type,-9}  {key.Fingerprint}  {Needs(key),-7}  {key.Comment}";
                Write(surroundings, SafeText.Line(line.TrimEnd(), LineCharacters));
            }

            if (keys.Length == 0)
            {
                await surroundings.Error.WriteLineAsync(
                    $"There are no keys in {composition.Keys.Path}, and none on a token in a reader. Make one: "
                    + "secure-agent key new NAME --in tpm, or --in piv")
                    .ConfigureAwait(false);
            }

            return ExitCode.Done;
        }
    }

    private static async Task<int> ShowAsync(
        Settings settings, string name, bool json, bool verbose, Surroundings surroundings, CancellationToken ct)
    {
        Composition composition = Composition.OfCommand(settings, surroundings, verbose);
        await using (composition.ConfigureAwait(false))
        {
            KeyOutput key = await FindAsync(composition, name, ct).ConfigureAwait(false);
            if (json)
            {
                Write(surroundings, JsonText.Of(key));
                return ExitCode.Done;
            }

            (string Label, string? Value)[] fields =
            [
                ("name", key.Name),
                ("type", key.Type.Length > 0 ? key.Type : null),
                ("in", key.Reference
                    ?? (key.Sealed ? "tpm (sealed: the seed leaves the TPM for each signature)" : "tpm")),
                ("fingerprint", key.Fingerprint),
                ("comment", key.Comment),
                ("needs", Needs(key)),
                ("touch", key.TouchPolicy),
                ("made", key.Origin switch { null => null, "generated" => "on the token", string other => other }),
                ("parent", key.Parent),
                ("file", key.File),
                ("public key", key.PublicKeyFile),
                ("certificate", key.Certificate),
                ("problem", key.Problem),
            ];
            foreach ((string label, string? value) in fields.Where(field => !string.IsNullOrEmpty(field.Value)))
            {
                Write(surroundings, SafeText.Line($"{label + ":",-12} {value}", LineCharacters));
            }

            return ExitCode.Done;
        }
    }

    private static async Task<KeyOutput> FindAsync(Composition composition, string name, CancellationToken ct) =>
        await TokenKeyFinder.FindAsync(composition, name, ct).ConfigureAwait(false) is (_, PivKey onToken)
            ? TokenText.Describe(onToken, composition.TokenKeyFiles)
            : Describe(composition.Keys, composition.Keys.Get(name));

    private static KeyOutput Describe(TpmKeyDirectory directory, TpmKeyEntry key)
    {
        string publicPath = directory.PublicPath(key.Name);
        return new KeyOutput
        {
            Name = key.Name,
            Type = key.Type,
            In = "tpm",
            Fingerprint = key.Broken is null ? key.PublicKey?.Fingerprint : null,
            Comment = key.Comment,
            Sealed = key.IsSealed,
            Pin = key.NeedsPin,
            Pcrs = key.Pcrs,
            Parent = string.Create(CultureInfo.InvariantCulture, $"0x{key.Parent:x8}"),
            File = key.Path,
            PublicKeyFile = File.Exists(publicPath) ? publicPath : null,
            Certificate = key.Certificate?.KeyId,
            Problem = key.Broken ?? key.BrokenCertificate,
        };
    }

    private static string Needs(KeyOutput key) => (key.Pin, key.Pcrs) switch
    {
        (true, null) when key.PinPolicy == "always" => "PIN each time",
        (true, string pcrs) => $"PIN, PCRs {pcrs}",
        (true, null) => "PIN",
        (false, string pcrs) => $"PCRs {pcrs}",
        _ => "no PIN",
    };

    private static void Write(Surroundings surroundings, string line) => surroundings.Out.WriteLine(line);
}
