using System.CommandLine;
using SecureAgent.Backends.Tpm;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Commands;

/// <summary><c>key rename</c>, <c>key remove</c>, <c>key cert</c> and <c>pub</c>: what is done with a key's files
/// alone. A running agent notices.</summary>
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
            TpmKeyEntry key = composition.Keys.Get(result.GetRequiredValue(name));
            if (!result.GetValue(yes))
            {
                await RequireConfirmedAsync(composition, key, ct).ConfigureAwait(false);
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
        publicKey.SetAction((result, _) => WithKeysAsync(common, result, surroundings, async composition =>
        {
            TpmKeyEntry key = composition.Keys.Get(result.GetRequiredValue(name));
            PublicKey value = key.PublicKey ?? throw new CommandException(ExitCode.Failed, $"{key.Name}: {key.Broken}");
            await surroundings.Out.WriteAsync(OpenSshPublicKeyLine.Format(value.Blob, key.Comment) + "\n")
                .ConfigureAwait(false);
            return ExitCode.Done;
        }));
        return publicKey;
    }

    private static async Task RequireConfirmedAsync(Composition composition, TpmKeyEntry key, CancellationToken ct)
    {
        string question = $"Remove key {SafeText.Quote(key.Name, NameCharacters)} for good? Nothing can bring it back.";
        try
        {
            if (!await composition.Prompter.ConfirmAsync(question, ct).ConfigureAwait(false))
            {
                throw new CommandException(ExitCode.Failed, $"{key.Name} was not removed.");
            }
        }
        catch (BackendException e)
        {
            throw new CommandException(ExitCode.Failed, $"{key.Name} was not removed. {e.Message} Or give --yes.");
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
