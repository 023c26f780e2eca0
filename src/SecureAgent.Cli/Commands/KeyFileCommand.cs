using System.CommandLine;
using SecureAgent.Backends.Piv;
using SecureAgent.Backends.Tpm;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Cli.Tokens;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Commands;

/// <summary><c>key rename</c>, <c>key remove</c>, <c>key cert</c> and <c>pub</c>: what is done with a key's files
/// alone, or for <c>key remove</c> with a token's slot. A running agent notices.</summary>
internal static class KeyFileCommand
{
    private const int NameCharacters = 100;

    /// <summary>Creates <c>key rename</c>.</summary>
    public static Command CreateRename(CommonOptions common, Surroundings surroundings)
    {
        Argument<string> name = KeyCommand.NameArgument();
        Argument<string> newName = KeyCommand.NewNameArgument("NEWNAME", "its new name");
        Command rename = new("rename", "Give a key another name.") { name, newName };
        rename.SetAction((result, _) => WithKeysAsync(common, result, surroundings, composition =>
        {
            composition.Keys.Rename(result.GetRequiredValue(name), result.GetRequiredValue(newName));
            return Task.FromResult(ExitCode.Done);
        }));
        return rename;
    }

    /// <summary>Creates <c>key remove</c>.</summary>
    public static Command CreateRemove(CommonOptions common, Surroundings surroundings)
    {
        Argument<string> name = KeyCommand.NameArgument();
        Option<bool> yes = new("--yes") { Description = "do not ask" };
        Command remove = new("remove", "Remove a key for good.") { name, yes };
        remove.SetAction((result, ct) => WithKeysAsync(common, result, surroundings, async composition =>
        {
            if (await TokenKeyFinder.FindAsync(composition, result.GetRequiredValue(name), ct).ConfigureAwait(false)
                is (PivToken token, PivKey onToken))
            {
                await RemoveAsync(composition, token, onToken, result.GetValue(yes), surroundings.Error, ct)
                    .ConfigureAwait(false);
                return ExitCode.Done;
            }

            TpmKeyEntry key = composition.Keys.Get(result.GetRequiredValue(name));
            if (!result.GetValue(yes))
            {
                await RequireConfirmedAsync(composition, key.Name, ct).ConfigureAwait(false);
            }

            composition.Keys.Remove(key.Name);
            return ExitCode.Done;
        }));
        return remove;
    }

    /// <summary>Creates <c>key cert</c>.</summary>
    public static Command CreateCertificate(CommonOptions common, Surroundings surroundings)
    {
        Argument<string> name = KeyCommand.NameArgument();
        Argument<string> file = new("FILE") { Description = "an OpenSSH certificate (-cert.pub)" };
        Command certificate = new("cert", "Put a certificate beside its key; the agent lists both.") { name, file };
        certificate.SetAction((result, _) => WithKeysAsync(common, result, surroundings, async composition =>
        {
            string key = composition.Keys.Get(result.GetRequiredValue(name)).Name;
            string path = result.GetRequiredValue(file);
            byte[] content = new byte[WireLimits.MaxPublicKeyLineBytes + 1];
            int length = BoundedFile.Read(path, content);
            Certificate attached = composition.Keys.AttachCertificate(key, content.AsSpan(0, length), path);
            await surroundings.Error.WriteLineAsync(
                SafeText.Line($"{key} has the certificate \"{attached.KeyId}\" now.", 500)).ConfigureAwait(false);
            return ExitCode.Done;
        }));
        return certificate;
    }

    /// <summary>Creates <c>pub</c>.</summary>
    public static Command CreatePublic(CommonOptions common, Surroundings surroundings)
    {
        Argument<string> name = KeyCommand.NameArgument();
        Command publicKey = new("pub", "Print the authorized_keys line of a key.") { name };
        publicKey.SetAction((result, ct) => WithKeysAsync(common, result, surroundings, async composition =>
        {
            (PublicKey value, string comment) = await PublicKeyAsync(composition, result.GetRequiredValue(name), ct)
                .ConfigureAwait(false);
            await surroundings.Out.WriteAsync(OpenSshPublicKeyLine.Format(value.Blob, comment) + "\n")
                .ConfigureAwait(false);
            return ExitCode.Done;
        }));
        return publicKey;
    }

    private static async Task<(PublicKey Key, string Comment)> PublicKeyAsync(
        Composition composition, string name, CancellationToken ct)
    {
        if (await TokenKeyFinder.FindAsync(composition, name, ct).ConfigureAwait(false) is (_, PivKey onToken))
        {
            return (onToken.PublicKey ?? throw new CommandException(
                ExitCode.Failed, $"{onToken.Reference}: {onToken.Problem ?? "the token does not tell its public key."}"),
                onToken.Comment);
        }

        TpmKeyEntry key = composition.Keys.Get(name);
        return (key.PublicKey ?? throw new CommandException(ExitCode.Failed, $"{key.Name}: {key.Broken}"), key.Comment);
    }

    private static async Task RemoveAsync(
        Composition composition, PivToken token, PivKey key, bool isConfirmed, TextWriter error, CancellationToken ct)
    {
        if (!isConfirmed)
        {
            await RequireConfirmedAsync(composition, key.Comment, ct).ConfigureAwait(false);
        }

        OpenToken open = await OpenToken.OpenAsync(composition, token.Id, error, ct).ConfigureAwait(false);
        await using (open.ConfigureAwait(false))
        {
            bool isGone = await new PivEnrolment(open.Session).RemoveAsync(key.Slot, ct).ConfigureAwait(false);
            composition.AnnounceTokenChange();
            if (key is { PublicKey: PublicKey publicKey, CommonName: string name })
            {
                composition.TokenKeyFiles.Remove(name, publicKey);
            }

            if (!isGone)
            {
                await error.WriteLineAsync(
                    $"The certificate in slot {key.Slot} of {token.Name} is removed. The key itself stays until another one "
                    + $"overwrites it: firmware {token.Firmware} deletes none.").ConfigureAwait(false);
            }
        }
    }

    private static async Task RequireConfirmedAsync(Composition composition, string name, CancellationToken ct)
    {
        string question = $"Remove key {SafeText.Quote(name, NameCharacters)} for good? Nothing can bring it back.";
        try
        {
            if (!await composition.Prompter.ConfirmAsync(question, ct).ConfigureAwait(false))
            {
                throw new CommandException(ExitCode.Failed, $"{name} was not removed.");
            }
        }
        catch (BackendException e)
        {
            throw new CommandException(ExitCode.Failed, $"{name} was not removed. {e.Message} Or give --yes.");
        }
    }

    private static async Task<int> WithKeysAsync(
        CommonOptions common, ParseResult result, Surroundings surroundings, Func<Composition, Task<int>> action)
    {
        Settings settings = common.Read(result);
        Composition composition = Composition.OfCommand(settings, surroundings, result.GetValue(common.Verbose));
        await using (composition.ConfigureAwait(false))
        {
            return await action(composition).ConfigureAwait(false);
        }
    }
}
